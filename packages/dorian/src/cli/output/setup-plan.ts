import type { SetupPlan } from "../../setup/plan-setup.ts";
import type { SetupResult } from "../../setup/setup-result.ts";
import type { Colors } from "./output.ts";

/** What is missing and what would be done about it. */
export function renderPlan(plan: SetupPlan, colors: Colors): string {
  const names = plan.missing.map(({ package: name, file }) => name ?? file);
  const width = Math.max(...names.map((name) => name.length));
  return [
    `${plan.distribution} lacks what Dorian uses:`,
    ...plan.missing.map(
      ({ purpose }, index) => `  ${colors.bold((names[index] ?? "").padEnd(width))}  ${purpose}`,
    ),
    ...(plan.commands.length === 0
      ? []
      : [
          "",
          `${plan.isAutomatic ? "What installs it" : "To be installed by hand"}, with what it depends on:`,
        ]),
    ...plan.commands.map((line) => `  ${line}`),
  ].join("\n");
}

export function renderOutcome(result: SetupResult, colors: Colors): string {
  const { outcome, plan, left } = result;
  const showsPlan = !["nothing missing", "installed", "declined"].includes(outcome);
  const blocks = [
    ...(showsPlan ? [renderPlan(plan, colors)] : []),
    ...left.map(
      ({ status, title, found, advice }) =>
        `${status === "fail" ? colors.red("✗") : colors.yellow("!")} ${colors.bold(title)}: ${found}\n  ${colors.dim(`→ ${advice}`)}`,
    ),
    lead(result, colors),
  ];
  return blocks.join("\n\n");
}

const settable = "Debian 12 and 13, Ubuntu 22.04 and 24.04, and what stands on them";

function lead({ outcome, plan, left, next }: SetupResult, colors: Colors): string {
  const nothing = "Nothing was installed";
  switch (outcome) {
    case "nothing missing":
    case "installed": {
      const done = outcome === "installed" ? `Installed ${plan.packages.join(", ")}.` : "Nothing is missing.";
      const isReady = left.every(({ status }) => status !== "fail");
      return isReady
        ? `${colors.green("✓")} ${done} Next: ${next}, or dorian service install, which has systemd keep it running`
        : `${done} What stands above is in the way, and no package mends it.`;
    }
    case "dry run":
      return `${nothing}, since this is a dry run. To do it: ${next}`;
    case "by hand":
      return `${nothing}: \`dorian setup\` does that on ${settable}. Install it by hand, then see \`dorian doctor\`.`;
    case "not root":
      return `${nothing}: that takes root. Type:\n  ${next}`;
    case "not asked":
      return `${nothing}: there is no terminal to ask on. To go ahead: ${next}`;
    case "declined":
      return `${nothing}.`;
  }
}
