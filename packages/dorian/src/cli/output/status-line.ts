import { formatDuration } from "./duration.ts";
import type { LiveRegion } from "./live-region.ts";
import type { Output } from "./output.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;

/**
 * One line that says what is being waited for: a spinner with the time since the state began on a terminal, one
 * plain line per state elsewhere.
 */
export class StatusLine implements Disposable {
  #output: Output;
  #live: LiveRegion | undefined;
  #timer: NodeJS.Timeout | undefined;
  #text = "";
  #sinceMs = 0;
  #below = new Map<string, string[]>();

  private constructor(output: Output, live: LiveRegion | undefined) {
    this.#output = output;
    this.#live = live;
  }

  static async open(output: Output): Promise<StatusLine> {
    return new StatusLine(output, await output.openLive());
  }

  /** `text` without a trailing mark; equal text keeps its clock. */
  set(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#sinceMs = performance.now();
    if (!this.#live) {
      this.#output.progress(`${text} …`);
      return;
    }
    this.#timer ??= setInterval(() => this.#draw(), frameMs).unref();
    this.#draw();
  }

  /** Lines of one kind that are shown below the spinner, on a terminal only: progress bars. */
  setBelow(kind: string, lines: string[]): void {
    if (lines.length > 0) this.#below.set(kind, lines);
    else if (!this.#below.delete(kind)) return;
    this.#draw();
  }

  clear(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#text = "";
    this.#below.clear();
    this.#live?.erase();
  }

  #draw(): void {
    if (this.#live && this.#text !== "") {
      this.#live.draw([
        statusText(this.#text, performance.now() - this.#sinceMs, this.#output),
        ...[...this.#below.values()].flat(),
      ]);
    }
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}

/** The spinner line after `elapsedMs` of one state. */
export function statusText(text: string, elapsedMs: number, output: Pick<Output, "noteColors">): string {
  const { blue, dim } = output.noteColors;
  const frame = frames[Math.floor(elapsedMs / frameMs) % frames.length] ?? "";
  const clock = elapsedMs < 1000 ? "" : dim(` ${formatDuration(Math.floor(elapsedMs / 1000) * 1000)}`);
  return `${blue(frame)} ${text}${clock}`;
}
