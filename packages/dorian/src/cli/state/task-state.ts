import { TaskState } from "@dorian/protocol/modal";

const texts: Record<TaskState, string> = {
  [TaskState.UNSPECIFIED]: "unknown",
  [TaskState.QUEUED]: "queued",
  [TaskState.WORKER_ASSIGNED]: "assigned",
  [TaskState.LOADING_IMAGE]: "loading image",
  [TaskState.ACTIVE]: "running",
  [TaskState.COMPLETED]: "done",
  [TaskState.CREATED]: "created",
  [TaskState.CREATING_CONTAINER]: "starting",
  [TaskState.IDLE]: "idle",
  [TaskState.PREEMPTIBLE]: "preemptible",
  [TaskState.PREEMPTED]: "stopping",
  [TaskState.LOADING_CHECKPOINT_IMAGE]: "restoring",
};

export function taskStateText(state: TaskState): string {
  return texts[state] ?? "unknown";
}
