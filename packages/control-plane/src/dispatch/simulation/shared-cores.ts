/** Something that takes CPU time, after a time in which it only waits. */
export interface Job {
  waitMs: number;
  cpuMs: number;
  onDone: () => void;
}

/** Time that passes in steps, on a machine whose cores are shared evenly by all that want one. */
export class SharedCores {
  readonly cores: number;
  nowMs = 0;
  /** What each still needs of a core. */
  #working = new Map<Job, number>();
  #timers: { atMs: number; act: () => void }[] = [];

  constructor(cores: number) {
    this.cores = cores;
  }

  at(atMs: number, act: () => void): void {
    const later = this.#timers.findIndex((timer) => timer.atMs > atMs);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, { atMs, act });
  }

  add(job: Job): void {
    this.at(this.nowMs + job.waitMs, () => this.#working.set(job, job.cpuMs));
  }

  /** Goes on to what happens next. False when nothing does. */
  step(): boolean {
    const speed = Math.min(1, this.cores / this.#working.size);
    const [least, leftMs] = [...this.#working].reduce<[Job | undefined, number]>(
      (first, [job, ms]) => (ms < first[1] ? [job, ms] : first),
      [undefined, Infinity],
    );
    const timer = this.#timers[0];
    const doneAtMs = this.nowMs + leftMs / speed;
    if (timer && timer.atMs <= doneAtMs) {
      this.#timers.shift();
      this.#pass(timer.atMs - this.nowMs, speed);
      timer.act();
      return true;
    }
    if (!least) return false;
    this.#pass(doneAtMs - this.nowMs, speed);
    this.#working.delete(least);
    least.onDone();
    return true;
  }

  #pass(ms: number, speed: number): void {
    this.nowMs += ms;
    for (const [job, leftMs] of this.#working) this.#working.set(job, Math.max(0, leftMs - ms * speed));
  }
}
