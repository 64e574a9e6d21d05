import { formatDuration } from "./duration.ts";
import type { Colors } from "./output.ts";

/** A stretch of time, in milliseconds since 1970. */
export interface TimedPhase {
  name: string;
  startMs: number;
  endMs: number;
  /** It goes on. */
  isOpen?: boolean;
}

const leastBar = 10;
const indent = 2;

/** Phases one below the other: name, length, and a bar where it lies in the whole. */
export function phaseBars(
  phases: readonly TimedPhase[],
  options: { columns: number; colors: Colors },
): string {
  const startMs = Math.min(...phases.map((phase) => phase.startMs));
  const wholeMs = Math.max(1, Math.max(...phases.map((phase) => phase.endMs)) - startMs);
  const names = Math.max(...phases.map(({ name }) => name.length));
  const lengths = phases.map(
    (phase) => `${formatDuration(phase.endMs - phase.startMs)}${phase.isOpen ? " …" : ""}`,
  );
  const widest = Math.max(...lengths.map((text) => text.length));
  const room = Math.max(leastBar, Math.min(60, options.columns - names - widest - 3 * indent));
  const cell = (ms: number) => Math.min(room - 1, Math.floor((ms / wholeMs) * room));
  return phases
    .map((phase, index) => {
      const from = cell(phase.startMs - startMs);
      const cells = Math.round(((phase.endMs - phase.startMs) / wholeMs) * room);
      const bar = cells === 0 ? "▏" : "█".repeat(Math.min(cells, room - from));
      const length = (lengths[index] ?? "").padStart(widest);
      return `${phase.name.padEnd(names)}  ${length}  ${" ".repeat(from)}${options.colors.cyan(bar)}`;
    })
    .join("\n");
}
