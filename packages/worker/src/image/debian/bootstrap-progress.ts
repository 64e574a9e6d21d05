import { Deadline } from "@dorian/base/deadline";
const keptLines = 12;
const intervalMs = 2_000;

/** Turns the thousand lines of a bootstrap into one that is drawn over itself, and keeps the last for an error. */
export class BootstrapProgress implements Disposable {
  readonly lastLines: string[] = [];
  #log: (text: string) => void;
  #pause = new Deadline(0);
  #isDrawn = false;
  #counts = { fetched: 0, unpacked: 0, "set up": 0 };

  constructor(log: (text: string) => void) {
    this.#log = log;
  }

  line(line: string): void {
    this.lastLines.push(line);
    if (this.lastLines.length > keptLines) this.lastLines.shift();
    if (/^[IWE]: (?!running --|skipping |Download is performed unsandboxed)/.test(line)) {
      this.#write(line.slice(3));
      return;
    }
    if (line.startsWith("Get:")) this.#counts.fetched++;
    else if (line.startsWith("Unpacking ")) this.#counts.unpacked++;
    else if (line.startsWith("Setting up ")) this.#counts["set up"]++;
    else return;
    if (!this.#pause.isOver) return;
    const { fetched, unpacked, "set up": setUp } = this.#counts;
    this.#pause = new Deadline(intervalMs);
    this.#isDrawn = true;
    this.#log(`\r   ${fetched} files fetched, ${unpacked} packages unpacked, ${setUp} set up`);
  }

  #write(text: string): void {
    this.#log(`${this.#isDrawn ? "\r" : ""}   ${text}\n`);
    this.#isDrawn = false;
  }

  [Symbol.dispose](): void {
    if (this.#isDrawn) this.#log("\n");
  }
}
