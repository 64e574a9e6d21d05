import { sleep } from "@dorian/base/sleep";
import { TaskState } from "@dorian/protocol/modal";
import type { Transport } from "@dorian/sdk/client/transport";
import type { StatusLine } from "../output/status-line.ts";
import { type ContainerStatus, runStatusText } from "./run-status.ts";

const pollMs = 500;

/** Keeps the status line at what the containers of an app do. */
export class ContainerWatch implements AsyncDisposable {
  #stop = new AbortController();
  #finished: Promise<void>;

  constructor(options: { transport: Transport; appId: string; status: StatusLine; animated: boolean }) {
    this.#finished = watch(options, this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#finished;
  }
}

async function watch(
  options: { transport: Transport; appId: string; status: StatusLine; animated: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { transport, appId, status, animated } = options;
  try {
    for (;;) {
      // The first look comes after a while: what is over by then needs no status.
      await sleep(pollMs, { signal });
      const containers = await containersOf(transport, appId, signal);
      const text = runStatusText(containers);
      // Elsewhere than on a terminal a state is a line for ever, so only waiting that needs an explanation gets one.
      if (animated || text.startsWith("Queued")) status.set(text);
    }
  } catch (error) {
    // The status is a courtesy: whether the run itself works is found out by its own calls.
    if (!signal.aborted) status.set(`Running (the server does not say how: ${String(error)})`);
  }
}

async function containersOf(
  transport: Transport,
  appId: string,
  signal: AbortSignal,
): Promise<ContainerStatus[]> {
  const { tasks } = await transport.modal.taskList({ appId }, { signal });
  return Promise.all(
    tasks.map(async ({ taskId, functionTag, state, pendingReason }) => {
      const timeline =
        state === TaskState.CREATING_CONTAINER
          ? await transport.operator?.taskTimeline({ taskId }, { signal })
          : undefined;
      return {
        functionTag,
        state,
        pendingReason,
        phasesDone: timeline?.phases.map(({ name }) => name) ?? [],
      };
    }),
  );
}
