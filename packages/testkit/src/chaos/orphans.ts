import { containerProcesses } from "../containers.ts";
import { leftoversOf } from "../leftovers.ts";

/** Starting or clearing away a container takes less, on a machine that is busy too. */
const patienceMs = 30_000;

/** Finds what stays of containers that have ended, while others run. */
export class Orphans {
  #dataDirectory: string;
  #firstSeen = new Map<string, { at: number; fault: string }>();
  #told = new Set<string>();

  constructor(dataDirectory: string) {
    this.#dataDirectory = dataDirectory;
  }

  /** Those that have been there for too long, each once, with the fault after which they were first seen. */
  async look(fault: string): Promise<{ what: string; fault: string }[]> {
    const living = new Set((await containerProcesses(this.#dataDirectory)).map(({ taskId }) => taskId));
    const present = new Map<string, { at: number; fault: string }>();
    for (const what of await leftoversOf(this.#dataDirectory)) {
      const taskId = /\bta-[0-9A-Za-z]{22}/.exec(what)?.[0];
      if (taskId === undefined || living.has(taskId)) continue;
      present.set(what, this.#firstSeen.get(what) ?? { at: performance.now(), fault });
    }
    this.#firstSeen = present;
    const late = [...present].filter(
      ([what, { at }]) => performance.now() - at > patienceMs && !this.#told.has(what),
    );
    for (const [what] of late) this.#told.add(what);
    return late.map(([what, first]) => ({ what, fault: first.fault }));
  }
}
