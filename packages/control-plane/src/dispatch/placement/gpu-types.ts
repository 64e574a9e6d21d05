/**
 * GPU models by the price of an hour in the public clouds, cheapest first: the order in which `gpu: "any"` takes them.
 * A model that is not listed comes after all that are.
 */
const cheapestFirst = ["T4", "L4", "A10G", "L40S", "A100-40GB", "A100-80GB", "H100", "H200", "B200"];

const otherNames: Record<string, string> = { A10: "A10G", A100: "A100-40GB" };

/** What a worker that runs GPU functions without a GPU offers: it stands for every model. */
export const simulatedGpuType = "SIMULATED";

/** "h100!" → "H100": the spelling under which workers offer a model. */
export function gpuTypeName(requested: string): string {
  const name = requested.trim().toUpperCase().replace(/!$/, "");
  return otherNames[name] ?? name;
}

/** Rank for sorting: lower is cheaper. */
export function gpuPriceRank(type: string): number {
  const rank = cheapestFirst.indexOf(gpuTypeName(type));
  return rank === -1 ? cheapestFirst.length : rank;
}
