import type { TransferProgress } from "@dorian/sdk";
import { formatBytes } from "../../format-bytes.ts";
import type { Colors, Output } from "./output.ts";
import { renderByteProgress } from "./progress-bar.ts";
import type { StatusLine } from "./status-line.ts";

const drawEveryMs = 100;
const longestName = 40;

const verbs: Record<TransferProgress["stage"], string> = {
  reading: "Reading",
  sending: "Uploading",
  receiving: "Downloading",
};

/** Shows how far an upload or a download is: sizes, rate, time left, and how many files are done. */
export class TransferView {
  #output: Output;
  #status: StatusLine;
  #stage: TransferProgress["stage"] | undefined;
  #startedAtMs = 0;
  #drawnAtMs = 0;

  constructor(output: Output, status: StatusLine) {
    this.#output = output;
    this.#status = status;
  }

  readonly onProgress = (progress: TransferProgress): void => {
    const elapsedMs = performance.now();
    if (progress.stage !== this.#stage) {
      this.#stage = progress.stage;
      this.#startedAtMs = elapsedMs;
      const { filesTotal, bytesTotal } = progress;
      const files = `${filesTotal} ${filesTotal === 1 ? "file" : "files"}`;
      this.#status.set(`${verbs[progress.stage]} ${files} (${formatBytes(bytesTotal)})`);
    }
    if (!this.#output.animated || elapsedMs - this.#drawnAtMs < drawEveryMs) return;
    this.#drawnAtMs = elapsedMs;
    this.#status.setBelow(transferLines(progress, elapsedMs - this.#startedAtMs, this.#output.noteColors));
  };
}

/** A bar under the name of the file that is worked on; with several files, also how many are done. */
export function transferLines(progress: TransferProgress, elapsedMs: number, colors: Colors): string[] {
  const { file, bytesDone, bytesTotal, filesDone, filesTotal } = progress;
  const bar = renderByteProgress(
    { name: file, doneBytes: bytesDone, totalBytes: bytesTotal, elapsedMs },
    Math.min(longestName, file.length),
    colors,
  );
  return filesTotal === 1 ? [bar] : [bar, colors.dim(`(${filesDone} out of ${filesTotal} files completed)`)];
}
