import { Notifier } from "@dorian/base/notifier";
import { sleep } from "@dorian/base/sleep";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

/** Milliseconds between two questions for how many inputs there may be. */
const askAgainMs = 3_000;

/** How many inputs a container works on at once: up to its target, and up to the most it can while the server has some that wait. */
export class AllowedInputs {
  readonly most: number;
  #target: number;
  #now: number;
  #changed = new Notifier();

  constructor({ target, most }: { target: number; most: number }) {
    this.#target = Math.min(target, most);
    this.#now = this.#target;
    this.most = most;
  }

  /** Resolves when the slot of this number, from 0, may take an input. Rejects when `signal` aborts. */
  async until(slot: number, signal: AbortSignal): Promise<void> {
    while (slot >= this.#now) await this.#changed.wait({ signal });
  }

  /** Asks the server again and again, until `signal` aborts. Where the target is the most there is nothing to ask. */
  async follow(
    modal: ServiceClient<typeof ModalClient>,
    functionId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const question = { functionId, targetConcurrency: this.#target, maxConcurrency: this.most };
    while (this.#target < this.most && !signal.aborted) {
      // What the server said last holds until it says something else.
      const answer = await modal.functionGetDynamicConcurrency(question, { signal }).catch(() => undefined);
      if (answer) this.#now = Math.min(Math.max(1, answer.concurrency), this.most);
      this.#changed.notify();
      await sleep(askAgainMs, { signal }).catch(() => undefined);
    }
  }
}
