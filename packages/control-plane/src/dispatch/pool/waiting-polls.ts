import { offAbort, onAbort } from "@dorian/base/on-abort";
import type { CallInput } from "../call/function-call.ts";
import type { InputQuestion, Task } from "../task/task.ts";

/** A container's question for an input, while it has no answer. */
export interface Poll {
  task: Task;
  /** Key of the request, empty when it has none. */
  key: string;
  batch: InputQuestion["batch"];
  /** With nothing when there is nothing. */
  answer: (inputs: CallInput[]) => void;
}

/** Longest time that a container waits for an input before it asks again. */
const longestPollMs = 55_000;

/** Containers that wait for an input. */
export class WaitingPolls {
  #polls: Poll[] = [];

  /** Resolves with nothing when the time is over, the caller has gone or the task is leaving. */
  wait(task: Task, question: InputQuestion): Promise<CallInput[]> {
    const { key, signal, batch } = question;
    if (signal.aborted || task.isLeaving) return Promise.resolve([]);
    return new Promise((resolve) => {
      const answer = (inputs: CallInput[]) => {
        clearTimeout(timer);
        offAbort(signal, giveUp);
        resolve(inputs);
      };
      const poll: Poll = { task, key, batch, answer };
      const giveUp = () => {
        const place = this.#polls.indexOf(poll);
        // It may have been taken.
        if (place < 0) return;
        this.#polls.splice(place, 1);
        answer([]);
      };
      const timer = setTimeout(giveUp, longestPollMs);
      onAbort(signal, giveUp);
      this.#polls.push(poll);
    });
  }

  /**
   * Removes and returns the one that came last of those that fit: its container is the warmest, and the others get to be
   * idle for long enough to be let go.
   */
  take(fits: (task: Task) => boolean): Poll | undefined {
    const place = this.#polls.findLastIndex(({ task }) => fits(task));
    return place < 0 ? undefined : this.#polls.splice(place, 1)[0];
  }

  /** Puts one back that was taken and not answered. */
  add(poll: Poll): void {
    this.#polls.push(poll);
  }

  /** Answers those that match with nothing. */
  dismiss(matches: (poll: Poll) => boolean): void {
    const dismissed = new Set(this.#polls.filter(matches));
    this.#polls = this.#polls.filter((poll) => !dismissed.has(poll));
    for (const poll of dismissed) poll.answer([]);
  }
}
