import type { TaskExited } from "@dorian/protocol/worker";

/**
 * Whose doing a container's end was: what decides whether another try makes sense, and who is told.
 *
 * `code`: the function's own code or settings. It would end like this again.
 * `unclear`: it ended by itself before it was the user's turn, as it does with a broken image, or on a machine in trouble.
 * `killed`: a signal ended it that others send: somebody on its machine, or a program of its own that nobody saw do it.
 * `outside`: the machine ended it for want of memory.
 * `platform`: what is done for a container failed, such as its network or its disk.
 * `lost`: nobody could say how it ended.
 * `asked`: the server or its worker wanted it to end.
 */
export type Cause = "code" | "unclear" | "killed" | "outside" | "platform" | "lost" | "asked";

/** What its worker reports. */
export type ReportedEnd = Pick<
  TaskExited,
  | "exitCode"
  | "signal"
  | "outOfMemory"
  | "memoryLimitMb"
  | "failureStatus"
  | "isUnknown"
  | "wasStopped"
  | "wasLeaving"
  | "ownSignal"
>;

/** Signals that come from others: no program sends them to itself because something is wrong with it. */
const outsideSignals = new Set(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]);

/** The cause of an end. What its guest saw its own code send to it is no kill. */
export function causeOfEnd(end: ReportedEnd, task: { isStopping: boolean; saidHello: boolean }): Cause {
  if (end.isUnknown) return "lost";
  if (end.wasStopped || task.isStopping) return "asked";
  if (end.failureStatus !== "") return causeOfFailure(end.failureStatus);
  // The limit of all containers together is nobody's own.
  if (end.outOfMemory) return end.memoryLimitMb > 0 ? "code" : "outside";
  if (end.ownSignal !== "") return "code";
  if (outsideSignals.has(end.signal)) return "killed";
  // Our guest ends in good order when somebody sends it a signal.
  if (end.wasLeaving) return "killed";
  return task.saidHello ? "code" : "unclear";
}

/** Statuses of what may go well another time. */
const passing = new Set([
  "UNKNOWN",
  "CANCELLED",
  "INTERNAL",
  "UNAVAILABLE",
  "RESOURCE_EXHAUSTED",
  "ABORTED",
  "DEADLINE_EXCEEDED",
]);

/** Judges whose doing it was that something could not be done for a container, by the status of the error. */
export function causeOfFailure(status: string): "code" | "platform" {
  return passing.has(status) ? "platform" : "code";
}
