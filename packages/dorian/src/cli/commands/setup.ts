import { probeMachine } from "../../doctor/probe-machine.ts";
import { proxyEnvironment } from "@dorian/operator/proxy-settings";
import { installPackages } from "../../setup/install-packages.ts";
import { planSetup, type SetupPlan } from "../../setup/plan-setup.ts";
import type { SetupOutcome, SetupResult } from "../../setup/setup-result.ts";
import { rootCommand } from "../../setup/root-command.ts";
import { defineCommand } from "../command.ts";
import { settings } from "../config/config.ts";
import { confirm } from "../question/confirm.ts";
import type { CommandContext } from "../context.ts";
import { exitCode } from "../exit-code.ts";
import { renderOutcome, renderPlan } from "../output/setup-plan.ts";
import { StatusLine } from "../output/status-line.ts";

export const command = defineCommand<SetupResult>({
  options: [
    {
      name: "data",
      value: "directory",
      description: "Data directory to look at (or set DORIAN_DATA; else /var/lib/dorian)",
    },
    { name: "yes", short: "y", description: "Do not ask" },
    { name: "dry-run", description: "Only say what would be installed" },
  ],
  notes: [
    "Without a terminal to ask on, and without --yes, nothing is installed. `dorian doctor` shows everything that was looked at.",
  ],
  json: ({ outcome, plan, left, next }) => ({ outcome, ...plan, byHand: left, next }),

  async run(input, context) {
    const { output, signal } = context;
    const plan = planSetup(await look(context));
    const asRoot = asRootLine(["setup", ...process.argv.slice(3)]);
    const end = (outcome: SetupOutcome, next: string, left = plan.byHand) => ({ outcome, plan, left, next });
    if (plan.missing.length === 0) return end("nothing missing", "dorian up");
    if (!plan.isAutomatic) return end("by hand", plan.commands.join(" && ") || "dorian doctor");
    if (input.flag("dry-run")) return end("dry run", "dorian setup");
    if (process.getuid?.() !== 0) return end("not root", asRoot);
    if (!input.flag("yes")) {
      if (!context.stdin.isTTY) return end("not asked", "dorian setup --yes");
      output.note(renderPlan(plan, output.noteColors));
      if (!(await confirm("\nInstall them?", context))) return end("declined", "dorian setup");
    }
    await install(plan, context);
    signal.throwIfAborted();
    const after = planSetup(await look(context));
    return { outcome: "installed", plan, left: after.byHand, next: "dorian up" };
  },

  render(result, output) {
    output.print(renderOutcome(result, output.colors));
  },

  exitCode: ({ outcome, left }) => {
    if (outcome === "dry run") return exitCode.ok;
    const isDone = outcome === "nothing missing" || outcome === "installed";
    return isDone && left.every(({ status }) => status !== "fail") ? exitCode.ok : exitCode.failure;
  },
});

async function look({ config, output, signal }: CommandContext) {
  using status = await StatusLine.open(output);
  if (output.isAnimated) status.set("Looking at this machine");
  return await probeMachine({
    dataDirectory: config.dataDirectory,
    searchPath: process.env.PATH ?? "",
    signal,
  });
}

async function install(plan: SetupPlan, { output, signal }: CommandContext): Promise<void> {
  using status = await StatusLine.open(output);
  await installPackages(plan.packages, {
    env: process.env,
    signal,
    onStage: (words) => status.set(words),
    onLetFinish: () =>
      output.note("apt unpacks packages just now, and is let finish: half of them would be worth nothing."),
  });
}

function asRootLine(args: string[]): string {
  const [node = "node", script = "dorian"] = process.argv;
  const kept = [...Object.keys(proxyEnvironment(process.env)), settings.dataDirectory.env];
  return rootCommand({ node, script, args, kept: kept.filter((name) => process.env[name]) });
}
