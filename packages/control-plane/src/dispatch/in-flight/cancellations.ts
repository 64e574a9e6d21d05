/**
 * Cancellations on their way to a container, which asks for them in one question after the other. An answer may get lost: what it
 * told has arrived when the container asks under another key, or has let go of the input.
 */
export class Cancellations {
  #untold = new Set<string>();
  #told = new Set<string>();
  #newestKey = "";

  add(inputId: string): void {
    this.#untold.add(inputId);
  }

  /** Notes that the container asks. Under the key of before it has not got the answer; a question without a key is one of its own. */
  asked(key: string): void {
    if (key !== this.#newestKey || key === "") this.#told.clear();
    this.#newestKey = key;
  }

  /** Whether its question under this key has an answer; an older one has none any more, since nobody waits for that. */
  isDue(key: string): boolean {
    return key === this.#newestKey && this.#told.size + this.#untold.size > 0;
  }

  /** The answer to its question. */
  tell(key: string): string[] {
    if (key !== this.#newestKey) return [];
    for (const inputId of this.#untold) this.#told.add(inputId);
    this.#untold.clear();
    return [...this.#told];
  }

  /** Forgets the cancellation of an input that the container has let go of. */
  remove(inputId: string): void {
    this.#untold.delete(inputId);
    this.#told.delete(inputId);
  }

  clear(): void {
    this.#untold.clear();
    this.#told.clear();
  }
}
