import type { Place } from "./block-places.ts";
import { PlaceTurn } from "./place-turn.ts";
import { SharedFlush } from "./shared-flush.ts";

interface Receiving {
  turns: Map<number, PlaceTurn>;
  flush: SharedFlush;
}

/** Who writes to which place of which large file. */
export class PlaceTurns {
  #receiving = new Map<string, Receiving>();

  /** Whether somebody writes to a file. */
  isHeld(file: string): boolean {
    return this.#receiving.has(file);
  }

  /** A turn at a place until it is disposed of, and what puts the file on disk; undefined when another has the place. */
  take({ file, index }: Place): (Disposable & { turn: PlaceTurn; flush: SharedFlush }) | undefined {
    const receiving = this.#receiving.get(file) ?? { turns: new Map(), flush: new SharedFlush() };
    if (receiving.turns.has(index)) return undefined;
    this.#receiving.set(file, receiving);
    const turn = new PlaceTurn();
    receiving.turns.set(index, turn);
    return {
      turn,
      flush: receiving.flush,
      [Symbol.dispose]: () => {
        receiving.turns.delete(index);
        if (receiving.turns.size === 0) this.#receiving.delete(file);
      },
    };
  }

  /** Has nobody write to a file any more. */
  async stop(file: string): Promise<void> {
    for (const turn of this.#receiving.get(file)?.turns.values() ?? []) await turn.stop();
  }
}
