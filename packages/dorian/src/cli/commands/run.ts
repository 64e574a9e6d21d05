import type { App } from "@dorian/sdk";
import { AppWorkplace, bundleCode, type CodeBundle } from "../app/app-workplace.ts";
import { callTarget } from "../app/call-target.ts";
import { loadAppFor } from "../app/load-app.ts";
import { outlineApp } from "../app/outline-app.ts";
import { withPublishedApp } from "../app/published-run.ts";
import { defineCommand, isHelp } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../input.ts";
import { Interrupted } from "../interruption.ts";
import { formatValue } from "../output/value.ts";
import { quietOption, serverOptions } from "../server-options.ts";
import { mapArguments, type MappedArguments, type TargetSignature } from "../target/map-arguments.ts";
import { targetHelp } from "../target/target-help.ts";
import { parseTarget, type Target } from "../target/parse-target.ts";
import { resolveTarget, type ResolvedTarget } from "../target/resolve-target.ts";

export const command = defineCommand<{ help?: string }>({
  arguments: [
    { name: "target", description: "app.ts, app.ts::function or app.ts::Class.method" },
    {
      name: "arguments",
      description: "Arguments of the target, by name or in order",
      optional: true,
      variadic: true,
    },
  ],
  options: [
    ...serverOptions,
    quietOption,
    { name: "detach", short: "d", description: "Let the app go on when this command is interrupted" },
    { name: "watch", short: "w", description: "Run again whenever files of the app change" },
    { name: "force-build", description: "Build every image step, even those built before" },
  ],
  argumentsOfTarget: true,
  notes: [
    "Arguments go by the names of the target's parameters, and of its class's:",
    "  dorian run app.ts::train --model-id iris-b",
    "  dorian run app.ts::Model.inference --model-id iris-a --input '[5.1, 3.5, 1.4, 0.2]'",
    "A parameter with a default takes values of its default's kind. Of one without, a value that",
    "is JSON becomes what it denotes; other text stays text. Put -- before arguments that are",
    "named like an option of this command, and before values that begin with a dash.",
    "What a target takes: dorian run app.ts::train --help",
  ],

  async run(input, context) {
    const target = parseTarget(input.argument("target"));
    const words = input.variadic("arguments");
    const detach = input.flag("detach");
    if (input.flag("watch")) {
      if (detach)
        throw new UsageError("--watch ends its runs, and --detach lets them go on: give one of them.");
      await watch({ target, words, context });
      return {};
    }
    const { app } = await loadAppFor(target.file, context);
    const resolved = resolveTarget(target, outlineApp(app));
    if (asksForHelp(words, resolved.signature))
      return { help: targetHelp(input.argument("target"), resolved.signature) };
    const mapped = mapArguments(words, resolved.signature);
    const [bundle, workplace] = await Promise.all([
      bundleCode(app, target.file, context),
      AppWorkplace.open(context),
    ]);
    using _workplace = workplace;
    await runOnce({ app, bundle, target: resolved, mapped, detach, workplace, context });
    return {};
  },

  render(result, output, input) {
    if (result.help !== undefined) output.print(result.help);
    else if (!input.flag("watch")) output.progress(`${output.noteColors.green("✓")} App completed.`);
  },
});

interface Run {
  app: App;
  bundle: CodeBundle;
  target: ResolvedTarget;
  mapped: MappedArguments;
  detach: boolean;
  workplace: AppWorkplace;
  context: CommandContext;
}

async function runOnce(run: Run): Promise<void> {
  const { app, target, mapped, detach } = run;
  const { output } = run.context;
  const show = (value: unknown) => output.pass("stdout", `${formatValue(value, output.columns)}\n`);
  const showResult = (value: unknown) => {
    if (value !== undefined) show(value);
  };
  await withPublishedApp(
    { ...run, show: showResult },
    async ({ deployed }) => await callTarget({ app, target, mapped, detach, onItem: show }, deployed),
  );
}

async function watch(options: { target: Target; words: string[]; context: CommandContext }): Promise<void> {
  const { target, words } = options;
  const { runAgain } = await import("../app/run-again.ts");
  try {
    using workplace = await AppWorkplace.open(options.context);
    await runAgain(target.file, options.context, async ({ app, bundle }, context) => {
      const resolved = resolveTarget(target, outlineApp(app));
      const mapped = mapArguments(words, resolved.signature);
      await runOnce({ app, bundle, target: resolved, mapped, detach: false, workplace, context });
    });
  } catch (error) {
    // Ctrl-C is how watching ends, so it has ended well.
    if (!(error instanceof Interrupted)) throw error;
  }
}

/** True unless the target has a parameter of that name. */
function asksForHelp(words: readonly string[], { parameters, classParameters }: TargetSignature): boolean {
  const at = words.indexOf("--");
  if (!(at < 0 ? words : words.slice(0, at)).some(isHelp)) return false;
  return ![...parameters, ...classParameters]
    .flatMap((parameter) => (parameter.kind === "object" ? parameter.properties : [parameter]))
    .some(({ name }) => name === "help");
}
