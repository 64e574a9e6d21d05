import { AppError } from "@dorian/base/app-error";
import { relative, resolve } from "node:path";
import { AppState } from "@dorian/protocol/modal";
import { deployApp, type DeployedApp } from "@dorian/publish/deploy/deploy-app";
import { filesOfApp, filesOfBrokenApp } from "../app/app-files.ts";
import { AppWorkplace, bundleCode, type CodeBundle } from "../app/app-workplace.ts";
import { FileWatch } from "../app/file-watch.ts";
import { loadAppFor, type LoadedApp } from "../app/load-app.ts";
import { withPublishedApp } from "../app/published-run.ts";
import { defineCommand } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { Interrupted } from "../interruption.ts";
import { formatDuration } from "../output/duration.ts";
import { renderError } from "../output/error-block.ts";
import { LocalFailure } from "../../process/local-failure.ts";
import { serverOptions } from "../server-options.ts";

export const command = defineCommand<void>({
  arguments: [{ name: "file", description: "TypeScript file that makes the app" }],
  options: serverOptions,
  notes: [
    "The app stays up until Ctrl-C. A change that does not load leaves the app as it was.",
    "While it is up, other programs find its functions by name.",
  ],

  async run(input, context) {
    const { output, signal } = context;
    const source = new ServedSource(input.argument("file"), context);
    using _source = source;
    try {
      const { app, bundle } = await source.firstLoad();
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

interface ServedVersion {
  app: LoadedApp["app"];
  bundle: CodeBundle;
}

/** The files of an app that is served: what they make now, and when they change. */
class ServedSource implements Disposable {
  #file: string;
  #context: CommandContext;
  #watch = new FileWatch();
  /** All that was read, by loads that failed too. */
  #inputs: Set<string>;

  constructor(file: string, context: CommandContext) {
    this.#file = file;
    this.#context = context;
    this.#inputs = new Set([resolve(context.cwd, file)]);
  }

  /** Loads the app. One with a mistake in it is waited for: whoever serves it is about to mend it. */
  async firstLoad(): Promise<ServedVersion> {
    const { signal, output } = this.#context;
    for (;;) {
      try {
        return await this.load();
      } catch (error) {
        if (signal.aborted || !isMistake(error)) throw error;
        showMistake(error, this.#context);
        output.note("Waiting for a change of its files. Ctrl-C ends this.");
      }
      const { done } = await this.changes(signal).next();
      if (done) throw signal.reason;
    }
  }

  /** The app as its files have it now. From here on changes of those are noticed, also when they make none. */
  async load(): Promise<ServedVersion> {
    const before = [...this.#inputs];
    try {
      const { app, inputs } = await loadAppFor(this.#file, this.#context, (path) => this.#inputs.add(path));
      const bundle = await bundleCode(app, this.#file, this.#context);
      this.#inputs = new Set([...inputs, ...bundle.inputs]);
      // Before anything is uploaded: what changes meanwhile is a change.
      this.#watch.setTargets(await filesOfApp(app, this.#inputs));
      return { app, bundle };
    } catch (error) {
      this.#watch.setTargets(filesOfBrokenApp([...before, ...this.#inputs]));
      throw error;
    }
  }

  /** The names of what has changed, each time something has. */
  async *changes(signal: AbortSignal): AsyncGenerator<string> {
    for await (const changed of this.#watch.changes({ signal })) {
      yield changed.map((path) => relative(this.#context.cwd, path)).join(", ");
    }
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

/** Whether an error is one of the app's files, which a change of them mends. */
function isMistake(error: unknown): boolean {
  if (error instanceof LocalFailure) return true;
  return AppError.is(error) && error.status === "INVALID_ARGUMENT";
}

function showMistake(error: unknown, { output, config }: CommandContext): void {
  // What user code threw has been shown.
  if (error instanceof LocalFailure) return;
  output.note(renderError(error, { colors: output.noteColors, debug: config.debug }));
}

/** Publishes the edited app over the running one. A failure is shown, and what ran before goes on. */
async function publishAgain(options: {
  source: ServedSource;
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
