import { must } from "@dorian/base/must";
import { AppWorkplace } from "../app/app-workplace.ts";
import { ContainerWatch } from "../app/container-watch.ts";
import { runRemotely } from "../shell/remote-command.ts";
import { type FreshPlace, ShellContainer } from "../shell/shell-container.ts";
import { defineCommand } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { StatusLine } from "../output/status-line.ts";
import { serverOptions } from "../server-options.ts";
import { shellPlace } from "../shell/shell-place.ts";

/** The better shell that there is. */
const usualShell = "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi";

export const command = defineCommand<number>({
  arguments: [
    {
      name: "place",
      description: "app.ts::function, APP::function of a deployed app, or a container (ta-…)",
      optional: true,
    },
  ],
  options: [
    ...serverOptions,
    {
      name: "image",
      value: "image",
      description: "Image of a registry, such as python:3.12, or its id (im-…)",
    },
    { name: "cmd", value: "command", description: "What runs in place of bash or sh" },
    { name: "force-build", description: "Build every image step, even those built before" },
  ],
  notes: [
    "A fresh container has the function's image, files, volumes, secrets and resources, and ends with the",
    "shell: what it wrote to volumes stays. Without a place it has a plain image. Its exit code is passed on.",
  ],

  async run(input, context) {
    const place = shellPlace(input.optionalArgument("place"), input.option("image"));
    const shell = ["/bin/sh", "-c", input.option("cmd") ?? usualShell];
    using workplace = await AppWorkplace.open(context);
    if (place.kind !== "container") return await inFreshContainer(place, shell, workplace, context);
    return await at(place.taskId, shell, workplace, context, async () => undefined);
  },

  render() {},
  exitCode: (code) => code,
});

async function inFreshContainer(
  place: FreshPlace,
  shell: string[],
  workplace: AppWorkplace,
  context: CommandContext,
): Promise<number> {
  const { output, interruption } = context;
  const container = await ShellContainer.start(place, workplace, context);
  try {
    const { transport, status } = workplace;
    const { appId, taskId, title } = container;
    status.set(`Starting a container of ${title}`);
    await using watch = new ContainerWatch({ transport, appId, status, animated: output.isAnimated });
    using _told = interruption.onFirst(() => status.clear());
    return await at(taskId, shell, workplace, context, async () => {
      await watch[Symbol.asyncDispose]();
      status.clear();
      output.note(output.noteColors.dim(`This is container ${taskId} of ${title}.`));
    });
  } finally {
    using ending = await StatusLine.open(output);
    if (output.isAnimated) ending.set("Ending the container");
    await container[Symbol.asyncDispose]();
  }
}

/** Runs a shell at this terminal, if it is one. */
async function at(
  taskId: string,
  shell: string[],
  { transport }: AppWorkplace,
  context: CommandContext,
  onStarted: () => Promise<void>,
): Promise<number> {
  const { output, stdin } = context;
  const operator = must(transport.operator, "the operator's service");
  const terminal = stdin.isTTY && output.stdoutIsTerminal;
  return await runRemotely(
    operator,
    {
      taskId,
      command: shell,
      terminal,
      onStarted: async () => {
        await onStarted();
        // What a program draws at its terminal is its own.
        await output[Symbol.asyncDispose]();
      },
    },
    context,
  );
}
