import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TaskTimelineResponseSchema } from "@dorian/protocol/operator";
import type { Task } from "./task.ts";
import { wireStates } from "./task-state.ts";
import type { TimelinePhase } from "./task-timeline.ts";

type Message = Exclude<MessageInitShape<typeof TaskTimelineResponseSchema>, { $typeName: string }>;

/** What is told of a container's start and life. */
export function timelineMessage(task: Task): Message {
  const { timeline, facts } = task;
  const life = timeline.life.map(phaseMessage);
  if (!task.isOver) {
    const { name, startedAtMs } = timeline.underWay({ isCalled: task.inputsTaken > 0 });
    life.push({ name, startedAt: startedAtMs / 1000, endedAt: 0 });
  }
  return {
    taskId: task.taskId,
    functionTag: facts.tag,
    appId: facts.appId,
    imageId: facts.imageId,
    workerName: task.workerName,
    state: wireStates[task.state],
    phases: timeline.phases.map(phaseMessage),
    life,
    bytesCopied: BigInt(task.bytesCopied),
    inputs: task.inputsTaken,
    error: task.result?.exception ?? "",
  };
}

function phaseMessage({ name, startedAtMs, endedAtMs }: TimelinePhase) {
  return { name, startedAt: startedAtMs / 1000, endedAt: endedAtMs / 1000 };
}
