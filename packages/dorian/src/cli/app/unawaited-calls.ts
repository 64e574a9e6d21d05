import type { watchCalls } from "@dorian/sdk/function/open-calls";

type OpenCalls = ReturnType<typeof watchCalls>["open"];

/** What to tell about calls that were open when the local entrypoint ended, a line for each form of each function. */
export function unawaitedCalls(open: OpenCalls): string[] {
  const counts = new Map<string, { call: OpenCalls[number]; count: number }>();
  for (const call of open) {
    const key = `${call.name} ${call.form}`;
    counts.set(key, { call, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].map(({ call: { name, form }, count }) => {
    const times = count === 1 ? "" : ` (${count} times)`;
    if (form === "map" || form === "starmap")
      return `${name}.${form}(…)${times} was never read, so nothing of it ran: for await (const result of ${name}.${form}(…)) { … }`;
    return `${name}.${form}(…)${times} had not ended when the local entrypoint did, and was stopped with the app. Is an await missing?`;
  });
}
