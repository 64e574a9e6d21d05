import { wallClockMs } from "@dorian/base/wall-clock";
import type { TaskTimelineResponse } from "@dorian/protocol/operator";
import { formatBytes } from "../../../format-bytes.ts";
import { defineCommand } from "../../command.ts";
import { formatDuration } from "../../output/duration.ts";
import { renderFacts } from "../../output/facts.ts";
import { isoTime } from "../../output/iso-time.ts";
import { phaseBars, type TimedPhase } from "../../output/phase-bars.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { taskStateText } from "../../state/task-state.ts";

interface Timeline {
  taskId: string;
  appId: string;
  function: string;
  state: string;
  worker: string;
  imageId: string;
  /** From being asked for to the first call's answer. */
  startSeconds: number;
  inputs: number;
  bytesCopied: number;
  error: string;
  phases: TimedPhase[];
}

export const command = defineCommand<Timeline>({
  arguments: [{ name: "container", description: "Id of the container (ta-…)" }],
  options: serverOptions,
  notes: [
    "queue: until a worker has room. place: until it is told. image, mount: until these are mounted and",
    "there is a network. restore: until its memory is back, where it has a snapshot. boot: until the runtime's",
    "first word. import, enter: the user's code. first call: until its answer. serve: until it is told to exit.",
    "exit: until it has. Ended containers are kept for 7 days.",
  ],
  json: ({ phases, ...timeline }) => ({
    ...timeline,
    phases: phases.map(({ name, startMs, endMs, isOpen }) => ({
      name,
      startedAt: isoTime(startMs / 1000),
      endedAt: isOpen ? null : isoTime(endMs / 1000),
      seconds: (endMs - startMs) / 1000,
    })),
  }),

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const timeline = await server.operator.taskTimeline({ taskId: input.argument("container") }, { signal });
    return timelineOf(timeline, wallClockMs());
  },

  render(timeline, output) {
    const { phases } = timeline;
    const text = renderFacts(
      [
        ["Container", timeline.taskId],
        ["App", timeline.appId],
        ["Function", timeline.function],
        ["State", timeline.state],
        ["Worker", timeline.worker],
        ["Image", timeline.imageId],
        ["Inputs", String(timeline.inputs)],
        ["Copied", timeline.bytesCopied === 0 ? "" : formatBytes(timeline.bytesCopied)],
        ["Error", timeline.error],
        ["Start", formatDuration(timeline.startSeconds * 1000)],
      ],
      output.colors,
    );
    output.print(text);
    output.print(`\n${phaseBars(phases, { columns: output.columns, colors: output.colors })}`);
  },
});

export function timelineOf(timeline: TaskTimelineResponse, nowMs: number): Timeline {
  const phases = [...timeline.phases, ...timeline.life].map(({ name, startedAt, endedAt }) => {
    const startMs = startedAt * 1000;
    // The server's clock may be ahead of this one.
    return endedAt === 0
      ? { name, startMs, endMs: Math.max(startMs, nowMs), isOpen: true }
      : { name, startMs, endMs: endedAt * 1000 };
  });
  const { phases: start } = timeline;
  return {
    taskId: timeline.taskId,
    appId: timeline.appId,
    function: timeline.functionTag,
    state: taskStateText(timeline.state),
    worker: timeline.workerName,
    imageId: timeline.imageId,
    startSeconds: (start.at(-1)?.endedAt ?? 0) - (start[0]?.startedAt ?? 0),
    inputs: timeline.inputs,
    bytesCopied: Number(timeline.bytesCopied),
    error: timeline.error,
    phases,
  };
}
