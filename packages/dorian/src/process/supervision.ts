import type { Readiness } from "./ready.ts";

/**
 * In the environment of a process that a supervisor has started: names of the listening sockets that it inherits, as JSON, in the
 * order of their descriptors.
 */
export const supervisedEnv = "DORIAN_SUPERVISED";

/** The first listening socket that a process inherits: after its three streams and the channel to its supervisor. */
export const firstSocketDescriptor = 4;

/** A listening socket as it goes through the channel: Node's own handle of it, which nobody listens on by having it. */
export interface ListeningSocket {
  readonly fd: number;
  close(): void;
}

/** What a supervisor tells a process of its own. */
export type SupervisorOrder =
  /** End in order, as at the first Ctrl-C. */
  | { kind: "stop" }
  /** End now, as at the second. */
  | { kind: "stop at once" }
  /** What had to come before the next step is done. */
  | { kind: "go on" }
  /** Its clients have waited long enough: what it has inherited and does not serve yet is to be closed. */
  | { kind: "let go" }
  | { kind: "are you there" };

/** What a process tells its supervisor. */
export type SupervisedReport =
  | { kind: "ready"; readiness: Readiness }
  /** What web clients reach is drained: others may stop before the rest. */
  | { kind: "front drained" }
  /** It serves a socket, which comes with this. */
  | { kind: "listening"; name: string }
  | { kind: "not listening"; name: string }
  | { kind: "here" };

/** The end of the channel that such a process holds: a Node process has one when its parent asked for it. */
export interface ParentChannel {
  readonly connected?: boolean;
  send?: (
    message: SupervisedReport,
    socket: ListeningSocket | undefined,
    sent: (error: Error | null) => void,
  ) => unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
}
