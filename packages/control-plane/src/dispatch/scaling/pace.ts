/** What is known of how fast the containers of a function are. */
export interface SeenPace {
  /** Time from an input's delivery to its answer; undefined until one was seen. */
  inputMs: number | undefined;
  /** Time that a start takes on a machine that has a core for it. */
  startMs: number;
  /** How many containers get more done than one fewer. Infinity where no limit was seen. */
  useful: number;
  /** It was seen that more containers than cores get more done. */
  isProven: boolean;
}

/** Weight of the newest of what was seen: the last ten or so decide. */
const newest = 0.2;
/** What a container beside others should do at least of what one does with a core of its own: below it, the machine is the limit. */
const fairShare = 0.75;
/** So long after it was seen last that the machine is the limit, it may be another time. */
const forgottenAfterMs = 60_000;
/** From so many inputs that ran in more containers than cores something follows. */
const enoughInputs = 3;

/** What goes on while an input runs. */
export interface Surroundings {
  /** Containers of the function that work, at least. */
  busy: number;
  /** Containers of all functions that work or start and so share the machine's cores, at most. */
  active: number;
}

/** Learns from what inputs and starts take. */
export class Pace {
  #inputMs: number | undefined;
  /** How long inputs took while no more containers were active than the machine has cores, and while more worked. */
  #aloneMs: number | undefined;
  #crowded: { inputMs: number; busy: number; seen: number; atMs: number } | undefined;
  #startMs: number | undefined;

  sawInput(
    ms: number,
    { busy, active }: Surroundings,
    { cores, nowMs }: { cores: number; nowMs: number },
  ): void {
    this.#inputMs = blend(this.#inputMs, ms);
    // What starts beside it may wait or work: nothing follows.
    if (active <= cores) this.#aloneMs = blend(this.#aloneMs, ms);
    if (busy <= cores) return;
    const before = this.#crowded;
    this.#crowded = {
      inputMs: blend(before?.inputMs, ms),
      busy: blend(before?.busy, busy),
      seen: (before?.seen ?? 0) + 1,
      atMs: nowMs,
    };
  }

  /** `starting`: all containers that started at that time, which share the machine's cores. */
  sawStart(ms: number, { starting, cores }: { starting: number; cores: number }): void {
    this.#startMs = blend(this.#startMs, ms / Math.max(1, starting / cores));
  }

  /** `startMs`: what to expect of a function that was never seen to start. */
  seen({ cores, startMs, nowMs }: { cores: number; startMs: number; nowMs: number }): SeenPace {
    const worth = this.#worth(nowMs);
    const isLimited = worth !== undefined && worth.share < fairShare;
    return {
      inputMs: this.#inputMs,
      startMs: this.#startMs ?? startMs,
      useful: isLimited ? Math.max(1, Math.floor(cores), Math.round(worth.containers)) : Infinity,
      isProven: worth !== undefined && !isLimited,
    };
  }

  get startMs(): number | undefined {
    return this.#startMs;
  }

  /** What busy containers were worth, counted in such as have a core of their own. */
  #worth(nowMs: number): { containers: number; share: number } | undefined {
    const crowded = this.#crowded;
    if (!crowded || crowded.seen < enoughInputs || nowMs - crowded.atMs > forgottenAfterMs) return undefined;
    // Where none was ever seen to run alone, nothing says that they would be faster.
    const share = (this.#aloneMs ?? crowded.inputMs) / crowded.inputMs;
    return { containers: crowded.busy * share, share };
  }
}

function blend(before: number | undefined, ms: number): number {
  return before === undefined ? ms : before + newest * (ms - before);
}
