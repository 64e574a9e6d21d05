import { Deadline } from "@dorian/base/deadline";
import { repeatedly } from "@dorian/base/repeatedly";
import type { Logger } from "pino";
import type { ProcessCount } from "./process-count.ts";

/** A container or a build, whose processes are told apart and which can be slowed. */
export interface ForkingGroup {
  id: string;
  /** Undefined while there is nothing to count. */
  count: () => Promise<ProcessCount | undefined>;
  pids: () => Promise<readonly number[]>;
  /** Has it get the processor last of all until the result is disposed of. */
  weighLeast: () => Promise<AsyncDisposable>;
}

export interface ForkWatchOptions {
  /** Id of the process that began last on this machine. */
  lastProcess: () => number;
  /** Milliseconds between looks. Default: 50. */
  everyMs?: number;
  /** Milliseconds for which one stays slowed after it was last seen to multiply. Default: 2000. */
  restMs?: number;
  logger: Logger;
}

/** Fewer processes and threads do not hold up others, however often they begin. */
const manyProcesses = 128;
/** So many that are new since the last look are a storm. */
const manyForks = 64;

/**
 * Slows what begins hundreds of processes over and over. Beside such a group the kernel's scheduler has others of the same weight wait
 * for seconds now and then (seen on 6.18, without containers, too); beside one of the least weight they wait for milliseconds, and it
 * still gets all that nobody else wants. While few processes begin on the machine, one small file is read and nothing else.
 */
export class ForkWatch implements AsyncDisposable {
  #options: ForkWatchOptions;
  #groups = new Map<string, ForkingGroup>();
  #pids = new Map<string, Set<number>>();
  #slowed = new Map<string, { weight: AsyncDisposable; rest: Deadline }>();
  #last: number | undefined;
  #looks: AsyncDisposable | undefined;

  constructor(options: ForkWatchOptions) {
    this.#options = options;
  }

  /** Watches a group until the result is disposed of. */
  watch(group: ForkingGroup): Disposable {
    this.#groups.set(group.id, group);
    const { everyMs = 50, logger } = this.#options;
    this.#looks ??= repeatedly(() => this.#look(), {
      everyMs,
      onError: (error) => logger.warn({ err: error }, "it was not seen who begins processes"),
    });
    return { [Symbol.dispose]: () => void this.#groups.delete(group.id) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#groups.clear();
    await this.#looks?.[Symbol.asyncDispose]();
    await Promise.all([...this.#slowed.keys()].map((id) => this.#leave(id)));
  }

  async #look(): Promise<void> {
    const last = this.#options.lastProcess();
    const begun = this.#last === undefined ? 0 : last - this.#last;
    this.#last = last;
    // Below none: the ids began anew.
    const isBusy = begun < 0 || begun >= manyForks;
    if (isBusy)
      for (const group of this.#groups.values()) await this.#withoutHarm(group.id, () => this.#lookAt(group));
    else this.#pids.clear();
    for (const [id, { rest }] of this.#slowed)
      if (rest.isOver || !this.#groups.has(id)) await this.#withoutHarm(id, () => this.#leave(id));
    if (this.#groups.size === 0) this.#stop();
  }

  /** What fails for one group holds up none of the others. */
  async #withoutHarm(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#pids.delete(id);
      this.#options.logger.warn({ err: error, group: id }, "it was not seen who begins processes");
    }
  }

  #stop(): void {
    void this.#looks?.[Symbol.asyncDispose]();
    this.#looks = undefined;
    this.#last = undefined;
  }

  async #lookAt(group: ForkingGroup): Promise<void> {
    const count = await group.count();
    if (!count || count.now < manyProcesses) return void this.#pids.delete(group.id);
    const before = this.#pids.get(group.id);
    const now = new Set(await group.pids());
    this.#pids.set(group.id, now);
    if (!before || [...now].filter((pid) => !before.has(pid)).length < manyForks) return;
    const weight = this.#slowed.get(group.id)?.weight ?? (await group.weighLeast());
    this.#slowed.set(group.id, { weight, rest: new Deadline(this.#options.restMs ?? 2_000) });
  }

  async #leave(id: string): Promise<void> {
    const slowed = this.#slowed.get(id);
    this.#slowed.delete(id);
    this.#pids.delete(id);
    await slowed?.weight[Symbol.asyncDispose]();
  }
}
