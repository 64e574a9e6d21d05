import type { Readiness } from "./ready.ts";

/** In the environment of a process that a supervisor has started. */
export const supervisedEnv = "DORIAN_SUPERVISED";

/** What a supervisor tells a process of its own. */
export type SupervisorOrder =
  /** End in order, as at the first Ctrl-C. */
  | { kind: "stop" }
  /** End now, as at the second. */
  | { kind: "stop at once" }
  /** What had to come before the next step is done. */
  | { kind: "go on" }
  | { kind: "are you there" };

/** What a process tells its supervisor. */
export type SupervisedReport =
  | { kind: "ready"; readiness: Readiness }
  /** What web clients reach is drained: others may stop before the rest. */
  | { kind: "front drained" }
  | { kind: "here" };

/** The end of the channel that such a process holds: a Node process has one when its parent asked for it. */
export interface ParentChannel {
  readonly connected?: boolean;
  send?: (message: SupervisedReport, sent: (error: Error | null) => void) => unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
}
