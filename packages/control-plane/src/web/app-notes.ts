import { Deadline } from "@dorian/base/deadline";
type Say = (appId: string, functionId: string, text: string) => void;

/** An app that does something wrong does it for each request, and its log has room for other things. */
const quietMs = 10_000;
/** Different lines in that time, of all apps; what is said beyond them is lost. */
const mostLines = 500;

/** Lines for the logs of web apps, of what they do wrong: the same of the same function once in a while. */
export class AppNotes {
  #say: Say;
  /** How long each is not said again, by function and text; the oldest first. */
  #quiet = new Map<string, Deadline>();

  constructor(say: Say) {
    this.#say = say;
  }

  note({ appId, functionId }: { appId: string; functionId: string }, text: string): void {
    for (const [key, quiet] of this.#quiet) {
      if (!quiet.isOver) break;
      this.#quiet.delete(key);
    }
    const key = `${functionId} ${text}`;
    if (this.#quiet.has(key) || this.#quiet.size >= mostLines) return;
    this.#quiet.set(key, new Deadline(quietMs));
    this.#say(appId, functionId, text);
  }
}
