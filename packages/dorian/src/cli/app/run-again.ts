import { LocalFailure } from "../../process/local-failure.ts";
import type { CommandContext } from "../context.ts";
import { renderError } from "../output/error-block.ts";
import { RemoteFailure } from "../remote-failure.ts";
import { FilesChanged } from "./files-changed.ts";
import { type AppVersion, WatchedSource } from "./watched-source.ts";

/**
 * Runs an app again whenever its files have changed, until the command is interrupted. A run that goes on is given up for the next.
 */
export async function runAgain(
  file: string,
  context: CommandContext,
  run: (version: AppVersion, context: CommandContext) => Promise<void>,
): Promise<void> {
  const { output, signal } = context;
  const { dim, green } = output.noteColors;
  using source = new WatchedSource(file, context);
  let because = "";
  for (let count = 1; ; count++) {
    const version = await source.loadOnceRight();
    output.note(dim(`${"─".repeat(8)} Run ${count}${because} ${"─".repeat(8)}`));
    const change = source.changes(signal).next();
    const changed = new AbortController();
    change.then(
      () => changed.abort(new FilesChanged("Files of the app have changed.")),
      () => undefined,
    );
    try {
      await run(version, { ...context, signal: AbortSignal.any([signal, changed.signal]) });
      output.note(`${green("✓")} App completed.`);
    } catch (error) {
      signal.throwIfAborted();
      if (!changed.signal.aborted) show(error, context);
    }
    if (!changed.signal.aborted) output.note("Waiting for a change of its files. Ctrl-C ends this.");
    const { value, done } = await change;
    if (done) throw signal.reason;
    because = `: ${value} changed`;
  }
}

/** What failed in user code has been shown. */
function show(error: unknown, { output, config }: CommandContext): void {
  if (error instanceof RemoteFailure || error instanceof LocalFailure) return;
  output.note(renderError(error, { colors: output.noteColors, debug: config.debug }));
}
