import { AppError } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import { must } from "@dorian/base/must";
import { sleep } from "@dorian/base/sleep";
import type { DataChunk, ModalClient } from "@dorian/protocol/modal";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { CallStore } from "./call-store.ts";
import type { Calls } from "./calls.ts";
import type { FunctionCall } from "./function-call.ts";

/** Streams are ended after so long and opened anew by their readers. */
const longestStreamMs = 55_000;

/** The values that a generator yields, on their way from the container to the caller, and what web requests carry. */
export function dataHandlers(options: {
  calls: Calls;
  store: CallStore;
}): Pick<
  ServiceHandlers<typeof ModalClient>,
  "functionCallPutDataOut" | "functionCallGetDataOut" | "functionCallGetDataIn"
> {
  const { calls, store } = options;
  return {
    async functionCallPutDataOut(request, context) {
      const call = await calls.lookup(callIdOf(request.callInfoOneof));
      // It has been cancelled, has timed out, or its caller has gone.
      if (!call || call.unfinished === 0) return {};
      refuseStrangers(call, context);
      if (call.live) {
        await call.live.out.write(request.dataChunks, context);
        return {};
      }
      call.data.add(request.dataChunks);
      // Also what an earlier request brought and the disk refused: it has been sent again.
      await store.addChunks(call, call.data.unsaved);
      return {};
    },

    async *functionCallGetDataOut(request, context) {
      const call = await calls.get(callIdOf(request.callInfoOneof));
      const deadline = new Deadline(longestStreamMs);
      let next = Number(request.lastIndex) + 1;
      call.readers++;
      try {
        for (;;) {
          while (call.data.has(next)) {
            const { callId } = call.facts;
            let chunk = call.data.get(next);
            if (!chunk) {
              await context.takeRoom?.(await store.sizeOfChunk(callId, next));
              chunk = await store.loadChunk(callId, next);
            }
            yield must(chunk, `chunk ${next} of ${callId}`);
            next++;
          }
          // A reader that asks for more than there ever was is kept waiting: it would come back at once.
          if (call.data.hasEnded && next > Number(request.lastIndex) + 1) return;
          if (deadline.isOver || context.signal.aborted) return;
          await call.data.changed.wait({ signal: context.signal, timeoutMs: deadline.leftMs });
        }
      } finally {
        call.readers--;
      }
    },

    async *functionCallGetDataIn(request, context): AsyncGenerator<DataChunk> {
      const call = await calls.lookup(callIdOf(request.callInfoOneof));
      if (call?.live) {
        if (call.unfinished > 0) refuseStrangers(call, context);
        yield* call.live.in.read(Number(request.lastIndex) + 1, context);
      }
      // Nothing will come any more, but a container whose stream ends would open it again at once.
      await sleep(longestStreamMs, { signal: context.signal });
    },
  };
}

function callIdOf(info: { case: string | undefined; value?: string | undefined }): string {
  if (info.case === "functionCallId" && info.value !== undefined) return info.value;
  throw new AppError("ATTEMPT_TOKEN_NOT_SERVED", "Dorian names calls by their id, not by attempt tokens.", {
    status: "INVALID_ARGUMENT",
    remedy: "Name the call by its id.",
  });
}

/** Only the container that works on a call takes part in what is said. */
function refuseStrangers(call: FunctionCall, context: CallContext): void {
  const { identity } = context;
  if (identity.kind === "task") {
    for (const { state } of call.inputs.values())
      if (state.kind === "running" && state.taskId === identity.taskId) return;
  }
  throw new AppError(
    "CALL_NOT_YOURS",
    `Values of ${call.facts.callId} are exchanged with the container that works on it only.`,
    { status: "PERMISSION_DENIED", remedy: "Yield them from the function itself." },
  );
}
