import { relative } from "node:path";
import { AppState } from "@dorian/protocol/modal";
import { deployApp, type DeployedApp } from "@dorian/sdk/deploy/deploy-app";
import { AppWorkplace, bundleCode } from "../app/app-workplace.ts";
import { FileWatch } from "../app/file-watch.ts";
import { loadAppFor } from "../app/load-app.ts";
import { withPublishedApp } from "../app/published-run.ts";
import { defineCommand } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { Interrupted } from "../interruption.ts";
import { formatDuration } from "../output/duration.ts";
import { renderError } from "../output/error-block.ts";
import { LocalFailure } from "../local-failure.ts";
import { serverOptions } from "../server-options.ts";

export const command = defineCommand<void>({
  arguments: [{ name: "file", description: "TypeScript file that makes the app" }],
  options: serverOptions,
  notes: ["The app stays up until Ctrl-C. A change that does not load leaves the app as it was."],

  async run(input, context) {
    const { cwd, output, signal } = context;
    const file = input.argument("file");
    const { app, inputs } = await loadAppFor(file, context);
    const [bundle, workplace] = await Promise.all([
      bundleCode(app, file, context),
      AppWorkplace.open(context),
    ]);
    using _workplace = workplace;
    using files = new FileWatch();
    files.setFiles(inputs);
    try {
      await withPublishedApp({ app, bundle, detach: false, context, workplace }, async (running) => {
        let current = running.deployed;
        output.note(
          `${output.noteColors.green("✓")} Serving app ${app.name}; changes to its files are published. Ctrl-C stops it.`,
        );
        for await (const changed of files.changes({ signal })) {
          const names = changed.map((path) => relative(cwd, path)).join(", ");
          current = await publishAgain({ file, names, current, files, context, workplace });
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
  file: string;
  names: string;
  current: DeployedApp;
  files: FileWatch;
  context: CommandContext;
  workplace: AppWorkplace;
}): Promise<DeployedApp> {
  const { file, names, current, files, context, workplace } = options;
  const { output, signal, config } = context;
  const startedAt = performance.now();
  try {
    workplace.status.set(`Publishing the change of ${names}`);
    const { app, inputs } = await loadAppFor(file, context);
    files.setFiles(inputs);
    const deployed = await deployApp(app, {
      transport: workplace.transport,
      bundle: await bundleCode(app, file, context),
      appId: current.appId,
      existing: { functionIds: current.functionIds, classIds: current.classIds },
      state: AppState.EPHEMERAL,
      cacheDirectory: config.cacheDirectory,
      onProgress: workplace.view.onProgress,
      signal,
    });
    output.note(
      `${output.noteColors.green("✓")} Published again in ${formatDuration(performance.now() - startedAt)} (${names} changed).`,
    );
    return deployed;
  } catch (error) {
    if (signal.aborted) throw error;
    workplace.status.clear();
    if (!(error instanceof LocalFailure)) {
      output.note(renderError(error, { colors: output.noteColors, debug: config.debug }));
    }
    output.note("The app goes on as it was before the change.");
    return current;
  }
}
