import { AppWorkplace, bundleCode } from "../app/app-workplace.ts";
import { callTarget } from "../app/call-target.ts";
import { loadAppFor } from "../app/load-app.ts";
import { outlineApp } from "../app/outline-app.ts";
import { withPublishedApp } from "../app/published-run.ts";
import { defineCommand, isHelp } from "../command.ts";
import { formatValue } from "../output/value.ts";
import { serverOptions } from "../server-options.ts";
import { mapArguments, type TargetSignature } from "../target/map-arguments.ts";
import { targetHelp } from "../target/target-help.ts";
import { parseTarget } from "../target/parse-target.ts";
import { resolveTarget } from "../target/resolve-target.ts";

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
    { name: "detach", short: "d", description: "Let the app go on when this command is interrupted" },
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
    const { output } = context;
    const target = parseTarget(input.argument("target"));
    const { app } = await loadAppFor(target.file, context);
    const resolved = resolveTarget(target, outlineApp(app));
    const words = input.variadic("arguments");
    if (asksForHelp(words, resolved.signature))
      return { help: targetHelp(input.argument("target"), resolved.signature) };
    const mapped = mapArguments(words, resolved.signature);
    const [bundle, workplace] = await Promise.all([
      bundleCode(app, target.file, context),
      AppWorkplace.open(context),
    ]);
    using _workplace = workplace;
    const detach = input.flag("detach");
    const show = (value: unknown) => output.pass("stdout", `${formatValue(value, output.columns)}\n`);
    const showResult = (value: unknown) => {
      if (value !== undefined) show(value);
    };
    await withPublishedApp(
      { app, bundle, detach, context, workplace, show: showResult },
      async ({ deployed }) =>
        await callTarget({ app, target: resolved, mapped, detach, onItem: show }, deployed),
    );
    return {};
  },

  render(result, output) {
    if (result.help !== undefined) output.print(result.help);
    else output.note(`${output.noteColors.green("✓")} App completed.`);
  },
});

/** True unless the target has a parameter of that name. */
function asksForHelp(words: readonly string[], { parameters, classParameters }: TargetSignature): boolean {
  const at = words.indexOf("--");
  if (!(at < 0 ? words : words.slice(0, at)).some(isHelp)) return false;
  return ![...parameters, ...classParameters]
    .flatMap((parameter) => (parameter.kind === "object" ? parameter.properties : [parameter]))
    .some(({ name }) => name === "help");
}
