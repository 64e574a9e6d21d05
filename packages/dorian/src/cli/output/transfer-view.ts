import { formatBytes } from "./bytes.ts";
import type { Colors, Output } from "./output.ts";
import { renderByteProgress } from "./progress-bar.ts";
import type { StatusLine } from "./status-line.ts";

export interface FileTransfer {
  path: string;
  doneBytes: number;
  totalBytes: number;
  startedAtMs: number;
}

const shownFiles = 4;
const drawEveryMs = 100;

/** Shows bytes of many files on their way: a bar for each that is moving, and how many are done. */
export class TransferView {
  #output: Output;
  #status: StatusLine;
  #verb: string;
  #files: FileTransfer[] = [];
  #drawnAt = 0;

  constructor(output: Output, status: StatusLine, verb: string) {
    this.#output = output;
    this.#status = status;
    this.#verb = verb;
  }

  /** Begins a phase with all its files. */
  begin(verb: string, files: { path: string; totalBytes: number }[]): void {
    this.#verb = verb;
    this.#files = files.map((file) => ({ ...file, doneBytes: 0, startedAtMs: 0 }));
    const totalBytes = files.reduce((sum, file) => sum + file.totalBytes, 0);
    this.#status.set(`${verb} ${files.length} ${files.length === 1 ? "file" : "files"} (${formatBytes(totalBytes)})`);
    this.#draw();
  }

  add(index: number, bytes: number): void {
    const file = this.#files[index];
    if (!file) return;
    if (file.startedAtMs === 0) file.startedAtMs = Date.now();
    file.doneBytes += bytes;
    if (Date.now() - this.#drawnAt >= drawEveryMs) this.#draw();
  }

  #draw(): void {
    this.#drawnAt = Date.now();
    if (!this.#output.animated) return;
    this.#status.setBelow(transferLines(this.#files, Date.now(), this.#output.noteColors));
  }
}

/** A line for each file that is moving, and one for all of them when there are several. */
export function transferLines(files: FileTransfer[], nowMs: number, colors: Colors): string[] {
  const moving = files.filter((file) => file.startedAtMs !== 0 && file.doneBytes < file.totalBytes);
  const nameWidth = Math.min(32, Math.max(1, ...moving.map(({ path }) => path.length)));
  const lines = moving.slice(0, shownFiles).map((file) =>
    renderByteProgress(
      { name: file.path, doneBytes: file.doneBytes, totalBytes: file.totalBytes, elapsedMs: nowMs - file.startedAtMs },
      nameWidth,
      colors,
    ),
  );
  if (files.length === 1) return lines;
  const done = files.filter((file) => file.doneBytes >= file.totalBytes).length;
  return [...lines, colors.dim(`(${done} out of ${files.length} files completed)`)];
}
