import type { Finding } from "../../doctor/checks.ts";
import type { Colors } from "./output.ts";

/** One line per check, with advice below those that need something, and a closing line. */
export function renderFindings(findings: Finding[], colors: Colors): string {
  const marks = { ok: colors.green("✓"), warn: colors.yellow("!"), fail: colors.red("✗") };
  const width = Math.max(...findings.map(({ title }) => title.length));
  const lines = findings.flatMap(({ status, title, found, advice }) => [
    `${marks[status]} ${colors.bold(title.padEnd(width))}  ${found}`,
    ...(advice === "" ? [] : [`  ${" ".repeat(width)}  ${colors.dim(`→ ${advice}`)}`]),
  ]);
  const failed = findings.filter(({ status }) => status === "fail").length;
  const closing =
    failed === 0
      ? "This machine can run Dorian: `dorian up`."
      : `${failed} ${failed === 1 ? "thing is" : "things are"} in the way of running Dorian here.`;
  return [...lines, "", closing].join("\n");
}
