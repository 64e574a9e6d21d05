import { Pace, type SeenPace, type Surroundings } from "../scaling/pace.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";

export interface ObservedPaceOptions {
  /** All containers, of whatever function. */
  tasks: Tasks;
  /** Those whose pace it is. */
  own: ReadonlySet<Task>;
  /** CPU cores of all workers together. */
  cores: () => number;
  /** What a start takes, of a function that was never seen to start. */
  usualStartMs: () => number;
  /** Told of what one took. */
  onStart: (startMs: number) => void;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
}

/** How fast the containers of a pool are, as their starts and answers show, and what shares the machine with them. */
export class ObservedPace {
  #options: ObservedPaceOptions;
  #pace = new Pace();

  constructor(options: ObservedPaceOptions) {
    this.#options = options;
  }

  get seen(): SeenPace {
    const { cores, usualStartMs, elapsedMs } = this.#options;
    return this.#pace.seen({ cores: cores(), startMs: usualStartMs(), nowMs: elapsedMs() });
  }

  /** Containers of other functions that are starting. */
  get startingElsewhere(): number {
    const { tasks, own } = this.#options;
    return tasks.live.filter((task) => task.isStarting && !own.has(task)).length;
  }

  /** What goes on at this moment. */
  get surroundings(): Surroundings {
    const { tasks, own } = this.#options;
    const working = tasks.live.filter((each) => each.load > 0);
    return {
      busy: working.filter((each) => own.has(each)).length,
      active: working.length + tasks.live.filter((each) => each.isStarting).length,
    };
  }

  sawStart({ moments }: Task): void {
    if (moments.placed === undefined || moments.ready === undefined) return;
    const { tasks, cores, onStart } = this.#options;
    const starting = 1 + tasks.live.filter((each) => each.isStarting).length;
    this.#pace.sawStart(moments.ready - moments.placed, { starting, cores: cores() });
    if (this.#pace.startMs !== undefined) onStart(this.#pace.startMs);
  }

  /** The caller of an input has the answer. */
  sawAnswer(task: Task, inputId: string): void {
    const { cores, elapsedMs } = this.#options;
    const nowMs = elapsedMs();
    const answered = task.inputs.answered(inputId, nowMs);
    if (!answered) return;
    const [before, now] = [answered.surroundings, this.surroundings];
    const busy = Math.min(before.busy, now.busy);
    const active = Math.max(before.active, now.active);
    this.#pace.sawInput(answered.tookMs, { busy, active }, { cores: cores(), nowMs });
  }
}
