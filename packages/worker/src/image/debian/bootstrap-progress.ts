import { Deadline } from "@dorian/base/deadline";
const keptLines = 12;
const intervalMs = 2_000;

/** Turns the thousand lines of a bootstrap into a few a person can follow, and keeps the last for an error. */
export class BootstrapProgress {
  readonly lastLines: string[] = [];
  #log: (text: string) => void;
  #pause = new Deadline(0);
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
    this.#write(`${fetched} files fetched, ${unpacked} packages unpacked, ${setUp} set up`);
  }

  #write(text: string): void {
    this.#pause = new Deadline(intervalMs);
    this.#log(`   ${text}\n`);
  }
}
