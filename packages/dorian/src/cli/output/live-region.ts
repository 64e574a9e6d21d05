import type { createLogUpdate } from "log-update";
import { visibleLines } from "./visible-text.ts";

/**
 * Lines at the bottom of a terminal that are drawn anew in place, with ordinary output appearing above them.
 */
export class LiveRegion implements Disposable {
  #update: ReturnType<typeof createLogUpdate>;
  #lines: string[] = [];
  #atLineStart = true;
  #closed = false;

  private constructor(update: ReturnType<typeof createLogUpdate>) {
    this.#update = update;
  }

  static async open(stream: NodeJS.WriteStream): Promise<LiveRegion> {
    // Loaded here: most commands, and every one in a pipe, never draw.
    const { createLogUpdate } = await import("log-update");
    return new LiveRegion(createLogUpdate(stream));
  }

  draw(lines: string[]): void {
    if (this.#closed) return;
    this.#lines = lines.map((line) => visibleLines(line, { colored: true }));
    this.#redraw();
  }

  erase(): void {
    this.draw([]);
  }

  /** Runs `write` with the region out of the way. After an unfinished line the region stays away until it is finished. */
  above(write: () => void, endsLine: boolean): void {
    if (this.#atLineStart) this.#update.clear();
    write();
    this.#atLineStart = endsLine;
    this.#redraw();
  }

  #redraw(): void {
    if (!this.#atLineStart || this.#closed) return;
    if (this.#lines.length === 0) this.#update.clear();
    else this.#update(this.#lines.join("\n"));
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    if (this.#atLineStart) this.#update.clear();
    this.#update.done();
    this.#closed = true;
  }
}
