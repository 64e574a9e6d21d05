import type { ByteProgress } from "../../backup/content-copy.ts";
import type { Output } from "./output.ts";
import { renderByteProgress } from "./progress-bar.ts";
import type { StatusLine } from "./status-line.ts";

const drawEveryMs = 100;

/** Shows how far one work is, in bytes. */
export class ByteView {
  #output: Output;
  #status: StatusLine;
  #startedAtMs = performance.now();
  #drawnAtMs = 0;

  constructor(output: Output, status: StatusLine) {
    this.#output = output;
    this.#status = status;
  }

  readonly onProgress = (progress: ByteProgress): void => {
    const elapsedMs = performance.now();
    if (!this.#output.isAnimated || elapsedMs - this.#drawnAtMs < drawEveryMs) return;
    this.#drawnAtMs = elapsedMs;
    const line = { name: "", ...progress, elapsedMs: elapsedMs - this.#startedAtMs };
    this.#status.setBelow("transfer", [
      renderByteProgress(line, this.#output.noteColumns, this.#output.noteColors),
    ]);
  };
}
