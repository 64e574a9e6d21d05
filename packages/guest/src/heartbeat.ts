import { messageOf } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { CancelInputEvent, ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

const intervalMs = 15_000;
/** After a cancellation more may follow at once. */
const afterCancelMs = 1_000;

export interface HeartbeatOptions {
  modal: ServiceClient<typeof ModalClient>;
  onCancel: (event: CancelInputEvent) => void;
  onError: (message: string) => void;
  signal: AbortSignal;
}

/**
 * Tells the server that this container lives, and learns which inputs to cancel: the server holds its answer until there is one.
 * Ends when `signal` aborts.
 */
export async function keepHeartbeat(options: HeartbeatOptions): Promise<void> {
  const { modal, signal } = options;
  let answers = 0;
  while (!signal.aborted) {
    const watch = new Stopwatch();
    let pauseMs = intervalMs;
    try {
      const attempt = AbortSignal.any([signal, AbortSignal.timeout(2 * intervalMs)]);
      const { cancelInputEvent } = await modal.containerHeartbeat(
        { canceledInputsReturnOutputsV2: true },
        // The same until it has been answered: what an answer that got lost has told is told again.
        { signal: attempt, idempotencyKey: `heartbeat-${answers}` },
      );
      answers += 1;
      if (cancelInputEvent) {
        options.onCancel(cancelInputEvent);
        pauseMs = afterCancelMs;
      }
    } catch (error) {
      if (signal.aborted) return;
      options.onError(messageOf(error));
    }
    const restMs = Math.max(0, pauseMs - watch.ms);
    await sleep(restMs, { signal }).catch(() => undefined);
  }
}
