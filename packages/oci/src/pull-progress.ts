import { Stopwatch } from "@dorian/base/stopwatch";
import { megabytes } from "./megabytes.ts";

const showEveryMs = 1_000;
const barWidth = 24;

/**
 * Says how far the download of a layer is: a bar that is drawn over itself by carriage returns, as programs in build steps draw theirs.
 * Who shows whole lines alone shows how it ended.
 */
export class PullProgress {
  #label: string;
  #bytes: number;
  #log: (text: string) => void;
  #sinceStart = new Stopwatch();
  #sinceShown = new Stopwatch();

  constructor(label: string, bytes: number, log: (text: string) => void) {
    this.#label = label;
    this.#bytes = bytes;
    this.#log = log;
  }

  show(received: number): void {
    if (this.#sinceShown.ms < showEveryMs) return;
    this.#sinceShown.restart();
    this.#log(`\r   ${this.#label} ${pullBar(received, this.#bytes, this.#sinceStart.ms)}`);
  }

  end(how: string): void {
    this.#log(`\r   ${this.#label}: ${how}\n`);
  }
}

/** `━━━━━━━━━━━━────────────  50%  60 MB  12 MB/s  5 s left` */
export function pullBar(received: number, bytes: number, elapsedMs: number): string {
  const share = Math.min(1, received / Math.max(1, bytes));
  const filled = Math.round(share * barWidth);
  const perSecond = (received / elapsedMs) * 1000;
  const left = Math.ceil(Math.max(0, bytes - received) / perSecond);
  return [
    `${"━".repeat(filled)}${"─".repeat(barWidth - filled)}`,
    `${String(Math.floor(share * 100)).padStart(2)}%`,
    megabytes(received),
    `${megabytes(perSecond)}/s`,
    `${left < 90 ? `${left} s` : `${Math.ceil(left / 60)} min`} left`,
  ].join("  ");
}
