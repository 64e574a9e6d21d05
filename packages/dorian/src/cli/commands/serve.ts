import { AppState } from "@dorian/protocol/modal";
import { deployApp, type DeployedApp } from "@dorian/publish/deploy/deploy-app";
import { AppWorkplace } from "../app/app-workplace.ts";
import { withPublishedApp } from "../app/published-run.ts";
import { showMistake, WatchedSource } from "../app/watched-source.ts";
import { defineCommand } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { Interrupted } from "../interruption.ts";
import { formatDuration } from "../output/duration.ts";
import { quietOption, serverOptions } from "../server-options.ts";

export const command = defineCommand<void>({
  arguments: [{ name: "file", description: "TypeScript file that makes the app" }],
  options: [...serverOptions, quietOption],
  notes: [
    "The app stays up until Ctrl-C. A change that does not load leaves the app as it was.",
    "While it is up, other programs find its functions by name.",
  ],

  async run(input, context) {
    const { output, signal } = context;
    const source = new WatchedSource(input.argument("file"), context);
    using _source = source;
    try {
      const { app, bundle } = await source.loadOnceRight();
      using workplace = await AppWorkplace.open(context);
      await withPublishedApp({ app, bundle, detach: false, context, workplace }, async (running) => {
        let current = running.deployed;
        output.note(
          `${output.noteColors.green("✓")} Serving app ${app.name}; changes to its files are published. Ctrl-C stops it.`,
        );
        for await (const names of source.changes(signal)) {
          current = await publishAgain({ source, names, current, context, workplace });
        }
      });
    } catch (error) {
      // Ctrl-C is how serving ends, so it has ended well.
      if (!(error instanceof Interrupted)) throw error;
    }
  },

  render(_result, output) {
    output.note(`${output.noteColors.green("✓")} App stopped.`);
  },
});

/** Publishes the edited app over the running one. A failure is shown, and what ran before goes on. */
async function publishAgain(options: {
  source: WatchedSource;
  names: string;
  current: DeployedApp;
  context: CommandContext;
  workplace: AppWorkplace;
}): Promise<DeployedApp> {
  const { source, names, current, context, workplace } = options;
  const { output, signal } = context;
  const startedAtMs = performance.now();
  try {
    workplace.status.set(`Publishing the change of ${names}`);
    const { app, bundle } = await source.load();
    const deployed = await deployApp(app, {
      transport: workplace.transport,
      bundle,
      appId: current.appId,
      existing: { functionIds: current.functionIds, classIds: current.classIds },
      state: AppState.EPHEMERAL,
      cacheDirectory: context.config.cacheDirectory,
      onProgress: workplace.view.onProgress,
      signal,
    });
    output.note(
      `${output.noteColors.green("✓")} Published again in ${formatDuration(performance.now() - startedAtMs)} (${names} changed).`,
    );
    return deployed;
  } catch (error) {
    if (signal.aborted) throw error;
    workplace.status.clear();
    showMistake(error, context);
    output.note("The app goes on as it was before the change.");
    return current;
  }
}
