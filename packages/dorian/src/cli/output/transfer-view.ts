import type { TransferProgress } from "@dorian/sdk";
import { formatBytes } from "../../format-bytes.ts";
import type { Colors, Output } from "./output.ts";
import { byteProgressText, renderByteProgress } from "./progress-bar.ts";
import type { StatusLine } from "./status-line.ts";

const drawEveryMs = 100;
/** Where each state is a line of its own. */
const noteEveryMs = 10_000;

const verbs: Record<TransferProgress["stage"], string> = {
  reading: "Reading",
  sending: "Uploading",
  receiving: "Downloading",
};

/** Shows how far an upload or a download is: sizes, rate, time left, and how many files are done. */
export class TransferView {
  #output: Output;
  #status: StatusLine;
  #stage: string | undefined;
  #startedAtMs = 0;
  #shownAtMs = 0;

  constructor(output: Output, status: StatusLine) {
    this.#output = output;
    this.#status = status;
  }

  readonly onProgress = (progress: TransferProgress): void => {
    const { isAnimated, noteColumns, noteColors } = this.#output;
    const { stage, filesTotal, bytesDone, bytesTotal } = progress;
    const nowMs = performance.now();
    const verb = verbs[stage];
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#startedAtMs = nowMs;
      this.#shownAtMs = isAnimated ? 0 : nowMs;
      const files = `${filesTotal} ${filesTotal === 1 ? "file" : "files"}`;
      this.#status.set(`${verb} ${files} (${formatBytes(bytesTotal)})`);
    }
    const elapsedMs = nowMs - this.#startedAtMs;
    if (nowMs - this.#shownAtMs < (isAnimated ? drawEveryMs : noteEveryMs)) return;
    this.#shownAtMs = nowMs;
    if (isAnimated)
      this.#status.setBelow(
        "transfer",
        transferLines(progress, { elapsedMs, columns: noteColumns }, noteColors),
      );
    else {
      const numbers = { name: "", doneBytes: bytesDone, totalBytes: bytesTotal, elapsedMs };
      this.#status.set(`${verb}: ${byteProgressText(numbers)}`);
    }
  };

  /** The next progress is that of another transfer. */
  end(): void {
    this.#stage = undefined;
    this.#status.setBelow("transfer", []);
  }
}

/** A bar behind the name of the file that is worked on; with several files, also how many are done. */
export function transferLines(
  progress: TransferProgress,
  { elapsedMs, columns }: { elapsedMs: number; columns: number },
  colors: Colors,
): string[] {
  const { file, bytesDone, bytesTotal, filesDone, filesTotal } = progress;
  const bar = renderByteProgress(
    { name: file, doneBytes: bytesDone, totalBytes: bytesTotal, elapsedMs },
    columns,
    colors,
  );
  const count = `(${filesDone} out of ${filesTotal} files completed)`;
  return filesTotal === 1 || count.length >= columns ? [bar] : [bar, colors.dim(count)];
}
