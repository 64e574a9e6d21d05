import { AppWorkplace, bundleCode } from "../app/app-workplace.ts";
import { callTarget } from "../app/call-target.ts";
import { loadAppFor } from "../app/load-app.ts";
import { outlineApp } from "../app/outline-app.ts";
import { withPublishedApp } from "../app/published-run.ts";
import { defineCommand } from "../command.ts";
import { formatValue } from "../output/value.ts";
import { serverOptions } from "../server-options.ts";
import { mapArguments } from "../target/map-arguments.ts";
import { parseTarget } from "../target/parse-target.ts";
import { resolveTarget } from "../target/resolve-target.ts";

export const command = defineCommand<{ value: unknown }>({
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
  collectsUnknownOptions: true,
  notes: [
    "Arguments go by the names of the target's parameters, and of its class's:",
    "  dorian run app.ts::train --model-id iris-b",
    "  dorian run app.ts::Model.inference --model-id iris-a --input '[5.1, 3.5, 1.4, 0.2]'",
    "A value that is JSON becomes what it denotes; other text stays text.",
    "Put -- before arguments that are named like an option of this command.",
  ],

  async run(input, context) {
    const { output } = context;
    const target = parseTarget(input.argument("target"));
    const { app } = await loadAppFor(target.file, context);
    const resolved = resolveTarget(target, outlineApp(app));
    const mapped = mapArguments(input.variadic("arguments"), resolved.signature);
    const [bundle, workplace] = await Promise.all([
      bundleCode(app, target.file, context),
      AppWorkplace.open(context),
    ]);
    using _workplace = workplace;
    const detach = input.flag("detach");
    const onItem = (item: unknown) => output.print(formatValue(item, output.columns));
    const value = await withPublishedApp({ app, bundle, detach, context, workplace }, async ({ deployed }) =>
      callTarget({ app, target: resolved, mapped, detach, onItem }, deployed),
    );
    return { value };
  },

  render({ value }, output) {
    if (value !== undefined) output.print(formatValue(value, output.columns));
    output.note(`${output.noteColors.green("✓")} App completed.`);
  },
});
