import { TaskState as WireState } from "@dorian/protocol/modal";

/**
 * A container's life. `queued`: no worker has room. `assigned`: a worker was told. `starting`: its process has said
 * hello and loads the user's code. `ready`: it asks for inputs. `draining`: it gets no more. `stopping`: its worker was
 * told to end it. `lost`: its worker went silent.
 */
export type TaskState =
  | "queued"
  | "assigned"
  | "starting"
  | "ready"
  | "draining"
  | "stopping"
  | "exited"
  | "lost";

export const taskTransitions: Record<TaskState, readonly TaskState[]> = {
  queued: ["assigned", "exited"],
  assigned: ["starting", "ready", "draining", "stopping", "exited", "lost"],
  starting: ["ready", "draining", "stopping", "exited", "lost"],
  ready: ["draining", "stopping", "exited", "lost"],
  draining: ["stopping", "exited", "lost"],
  stopping: ["exited", "lost"],
  exited: [],
  lost: [],
};

/** The next state. An illegal step is a bug and throws. */
export function taskMoves(from: TaskState, to: TaskState): TaskState {
  if (!taskTransitions[from].includes(to)) throw new Error(`Bug: a task moves from ${from} to ${to}.`);
  return to;
}

export function isOver(state: TaskState): boolean {
  return state === "exited" || state === "lost";
}

/** How clients name the states. */
export const wireStates: Record<TaskState, WireState> = {
  queued: WireState.QUEUED,
  assigned: WireState.WORKER_ASSIGNED,
  starting: WireState.CREATING_CONTAINER,
  ready: WireState.ACTIVE,
  draining: WireState.ACTIVE,
  stopping: WireState.PREEMPTED,
  exited: WireState.COMPLETED,
  lost: WireState.COMPLETED,
};
