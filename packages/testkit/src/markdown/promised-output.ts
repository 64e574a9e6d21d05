/** The lines of `promised` that some line of `output` should be, and none is; "…" stands for anything. */
export function notPrinted(output: string, promised: readonly string[]): string[] {
  const lines = promised.flatMap((block) => block.split("\n")).filter((line) => line.trim() !== "");
  return lines.filter((line) => !isPrinted(output, line));
}

function isPrinted(output: string, line: string): boolean {
  const parts = line.trimEnd().split("…");
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${escaped.join(".*")}\\s*$`, "m").test(output);
}
