import { visibleText } from "./visible-text.ts";
import type { Colors } from "./output.ts";

/** What is known of one thing, a line each; empty values are left out. */
export function renderFacts(
  facts: readonly (readonly [name: string, value: string])[],
  colors: Colors,
): string {
  const told = facts.filter(([, value]) => value !== "");
  const width = Math.max(...told.map(([name]) => name.length));
  return told
    .map(
      ([name, value]) =>
        `${colors.bold(name.padEnd(width))}  ${visibleText(value.replaceAll(/\s*[\r\n]+\s*/g, " "))}`,
    )
    .join("\n");
}
