type Say = (appId: string, functionId: string, text: string) => void;

/** An app that does something wrong does it for each request, and its log has room for other things. */
const quietMs = 10_000;
/** Different lines in that time, of all apps; what is said beyond them is lost. */
const mostLines = 500;

/** Lines for the logs of web apps, of what they do wrong: the same of the same function once in a while. */
export class AppNotes {
  #say: Say;
  /** When, by function and text; the oldest first. */
  #saidAt = new Map<string, number>();

  constructor(say: Say) {
    this.#say = say;
  }

  note({ appId, functionId }: { appId: string; functionId: string }, text: string): void {
    const now = performance.now();
    for (const [key, at] of this.#saidAt) {
      if (now - at < quietMs) break;
      this.#saidAt.delete(key);
    }
    const key = `${functionId} ${text}`;
    if (this.#saidAt.has(key) || this.#saidAt.size >= mostLines) return;
    this.#saidAt.set(key, now);
    this.#say(appId, functionId, text);
  }
}
