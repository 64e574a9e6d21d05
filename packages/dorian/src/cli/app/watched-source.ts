import { relative, resolve } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { LocalFailure } from "../../process/local-failure.ts";
import type { CommandContext } from "../context.ts";
import { renderError } from "../output/error-block.ts";
import { filesOfApp, filesOfBrokenApp } from "./app-files.ts";
import { bundleCode, type CodeBundle } from "./app-workplace.ts";
import { FileWatch } from "./file-watch.ts";
import { loadAppFor, type LoadedApp } from "./load-app.ts";

export interface AppVersion {
  app: LoadedApp["app"];
  bundle: CodeBundle;
}

/** The files of an app that is worked on: what they make now, and when they change. */
export class WatchedSource implements Disposable {
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

  /** Loads the app. One with a mistake in it is waited for: whoever works on it is about to mend it. */
  async loadOnceRight(): Promise<AppVersion> {
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
  async load(): Promise<AppVersion> {
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

export function showMistake(error: unknown, { output, config }: CommandContext): void {
  // What user code threw has been shown.
  if (error instanceof LocalFailure) return;
  output.note(renderError(error, { colors: output.noteColors, debug: config.debug }));
}
