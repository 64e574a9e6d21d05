import { same } from "./same.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** What a volume has to hold from now on. */
export class WrittenFiles {
  #written: { name: string; text: string }[] = [];
  #count = 0;

  /** What a write that failed left of it may be committed after the next: each has a file of its own. */
  next(number: number, random: SeededRandom): { name: string; text: string } {
    return { name: `file-${number}-${++this.#count}`, text: `${number} ${random.whole(1e9)}` };
  }

  add(name: string, text: string): void {
    this.#written.push({ name, text });
  }

  /** Reads any of them. */
  async checkOne(random: SeededRandom, read: (name: string) => Promise<unknown>): Promise<void> {
    const file = this.#written[random.whole(Math.max(1, this.#written.length))];
    if (file) same(`the file ${file.name}, read again`, await read(file.name), file.text);
  }
}
