import { TaskState } from "@dorian/protocol/modal";

/** A container of a running app, as the server describes it. */
export interface ContainerStatus {
  functionTag: string;
  state: TaskState;
  pendingReason: string;
  /** Phases of its start that have ended. */
  phasesDone: string[];
}

const starting: readonly TaskState[] = [
  TaskState.WORKER_ASSIGNED,
  TaskState.LOADING_IMAGE,
  TaskState.CREATED,
  TaskState.CREATING_CONTAINER,
];
const running: readonly TaskState[] = [TaskState.ACTIVE, TaskState.IDLE];

/**
 * What an app is waiting for, in one line. What holds it up most comes first: no room, then a start, then the work itself.
 */
export function runStatusText(containers: ContainerStatus[]): string {
  const queued = containers.filter(({ state }) => state === TaskState.QUEUED);
  const begun = containers.filter(({ state }) => starting.includes(state));
  const active = containers.filter(({ state }) => running.includes(state));
  const alive = queued.length + begun.length + active.length;
  if (active.length > 0) return `Running (${active.length}/${alive} containers active)`;
  const [first] = begun;
  if (first) return `${startText(first)} ${names(begun)}`;
  const [waiting] = queued;
  if (waiting) return `Queued: ${waiting.pendingReason || "waiting for a worker"} (${names(queued)})`;
  return "Running";
}

function startText({ phasesDone }: ContainerStatus): string {
  if (phasesDone.includes("import")) return "Entering";
  if (phasesDone.includes("boot")) return "Importing the code of";
  return "Starting container of";
}

function names(containers: ContainerStatus[]): string {
  return [...new Set(containers.map(({ functionTag }) => functionTag || "the function"))].join(", ");
}
