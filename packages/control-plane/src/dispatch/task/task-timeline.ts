export interface TimelinePhase {
  name: string;
  /** Milliseconds since 1970. */
  startedAtMs: number;
  endedAtMs: number;
}

/** Phases of a start in the order in which they follow each other. */
export const phaseNames = [
  "queue",
  "place",
  "image",
  "mount",
  /** Of a container that is brought back from a snapshot of its memory: what follows is short then. */
  "restore",
  "boot",
  "import",
  "enter",
  "first call",
] as const;

/** What comes after the start: until it is told to exit, and until it has. */
const lifeNames = ["serve", "exit"] as const;
const allNames = [...phaseNames, ...lifeNames];

export type PhaseName = (typeof allNames)[number];

/**
 * A container's start and life, cut into phases. Each begins where the one before it ended, so that their lengths add up to the
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
    const phase = allNames.find((each) => each === name);
    if (phase && !this.#ends.has(phase)) this.#ends.set(phase, atMs);
  }

  has(name: PhaseName): boolean {
    return this.#ends.has(name);
  }

  /** When a phase ended, in unix seconds; undefined while it has not. */
  endOf(name: PhaseName): number | undefined {
    const phase = this.all.find((each) => each.name === name);
    return phase && phase.endedAtMs / 1000;
  }

  /** What the start consists of. */
  get phases(): TimelinePhase[] {
    return this.all.filter(({ name }) => isOfStart(name));
  }

  /** What came after it. */
  get life(): TimelinePhase[] {
    return this.all.filter(({ name }) => !isOfStart(name));
  }

  get all(): TimelinePhase[] {
    const phases: TimelinePhase[] = [];
    let startedAtMs = this.startedAtMs;
    for (const name of allNames) {
      const ended = this.#ends.get(name);
      if (ended === undefined) continue;
      const endedAtMs = Math.max(startedAtMs, ended);
      phases.push({ name, startedAtMs, endedAtMs });
      startedAtMs = endedAtMs;
    }
    return phases;
  }

  /** The phase that one is in whose life goes on. `isCalled`: it was given inputs. */
  underWay({ isCalled }: { isCalled: boolean }): { name: PhaseName; startedAtMs: number } {
    const last = this.all.at(-1);
    const later = allNames.slice(allNames.findIndex((name) => name === last?.name) + 1);
    // Few are brought back: what is under way is told for all.
    const next = later.find((name) => name !== "restore") ?? "exit";
    const name = next === "first call" && !isCalled ? "serve" : next;
    return { name, startedAtMs: last?.endedAtMs ?? this.startedAtMs };
  }
}

function isOfStart(name: string): boolean {
  return phaseNames.some((each) => each === name);
}
