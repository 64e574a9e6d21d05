import type { CallShowResponse_Input } from "@dorian/protocol/operator";
import type { TimedPhase } from "../output/phase-bars.ts";

/** Where the time of an input went. Waiting before its container was there, and after, is one word. */
export function callPhases(input: CallShowResponse_Input, nowMs: number): TimedPhase[] {
  const { createdAt, startedAt, finishedAt, taskPlacedAt, taskReadyAt } = input;
  const isOver = finishedAt > 0;
  const endMs = isOver ? finishedAt * 1000 : nowMs;
  const phases: TimedPhase[] = [];
  let atMs = createdAt * 1000;
  const until = (name: string, secs: number) => {
    const untilMs = Math.min(Math.max(atMs, secs * 1000), Math.max(atMs, endMs));
    if (untilMs > atMs) phases.push({ name, startMs: atMs, endMs: untilMs });
    atMs = untilMs;
  };
  // A container that was ready before has cost this one nothing.
  if (taskReadyAt > createdAt) {
    until("waiting", taskPlacedAt);
    until("starting", taskReadyAt);
  }
  if (startedAt > 0) {
    until("waiting", startedAt);
    until("running", endMs / 1000);
  } else until("waiting", endMs / 1000);
  const last = phases.at(-1);
  if (last && !isOver) last.isOpen = true;
  return phases;
}
