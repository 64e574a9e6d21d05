export interface TimelinePhase {
  name: string;
  /** Milliseconds since 1970. */
  startedAtMs: number;
  endedAtMs: number;
}

/** Phases in the order in which they follow each other. */
export const phaseNames = [
  "queue",
  "place",
  "image",
  "mount",
  "boot",
  "import",
  "enter",
  "first call",
] as const;

export type PhaseName = (typeof phaseNames)[number];

/**
 * A container's start, cut into phases. Each begins where the one before it ended, so that their lengths add up to the
 * whole, whatever the clocks of two machines say.
 */
export class TaskTimeline {
  readonly startedAtMs: number;
  #ends = new Map<PhaseName, number>();

  constructor(startedAtMs: number, phases: readonly TimelinePhase[] = []) {
    this.startedAtMs = startedAtMs;
    for (const phase of phases) this.end(phase.name, phase.endedAtMs);
  }

  /** Notes the end of a phase; the first word on it stands. Names that are not phases are ignored. */
  end(name: string, atMs: number): void {
    const phase = phaseNames.find((each) => each === name);
    if (phase && !this.#ends.has(phase)) this.#ends.set(phase, atMs);
  }

  has(name: PhaseName): boolean {
    return this.#ends.has(name);
  }

  get phases(): TimelinePhase[] {
    const phases: TimelinePhase[] = [];
    let startedAtMs = this.startedAtMs;
    for (const name of phaseNames) {
      const ended = this.#ends.get(name);
      if (ended === undefined) continue;
      const endedAtMs = Math.max(startedAtMs, ended);
      phases.push({ name, startedAtMs, endedAtMs });
      startedAtMs = endedAtMs;
    }
    return phases;
  }
}
