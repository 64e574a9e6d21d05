import { AppError } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import type { DataChunk, FunctionCallPutDataRequest, ModalClient } from "@dorian/protocol/modal";
import { freeMemory } from "@dorian/protocol/http2/message-reader";
import type { CallContext, CallOptions, ServiceClient } from "@dorian/protocol/service";

/** Chunks that go on together: clients send up to 16 MiB at a time, of which the server then holds little that nobody reads. */
const partBytes = 1024 * 1024;
/** A server without room is asked again after so long, as clients do for outputs; for values none of them does. */
const fullServerDelayMs = 1_000;

type Upstream = Pick<ServiceClient<typeof ModalClient>, "functionCallPutDataOut">;

/**
 * Passes on what a container has to say to the caller, no faster than it is read: the rest of a large message waits here, and all of
 * it for a server that has no room.
 */
export async function forwardValues(
  upstream: Upstream,
  request: FunctionCallPutDataRequest,
  context: CallContext,
): Promise<object> {
  const parts = partsOf(request.dataChunks);
  try {
    if (parts.length <= 1) return await put(upstream, request, context);
    const { signal, clientVersion } = context;
    for (const dataChunks of parts) {
      // Each is a call of its own: under the key of the whole one all but the first would count as sent before.
      const options = { signal, ...(clientVersion === undefined ? {} : { clientVersion }) };
      await put(upstream, { ...request, dataChunks }, options);
    }
    return {};
  } finally {
    // It went on as a copy. Waiting for a garbage collection would keep many such messages.
    for (const { dataOneof } of request.dataChunks)
      if (dataOneof.case === "data") freeMemory(dataOneof.value);
  }
}

async function put(
  upstream: Upstream,
  request: FunctionCallPutDataRequest,
  options: CallOptions & { signal: AbortSignal },
): Promise<object> {
  for (;;) {
    try {
      return await upstream.functionCallPutDataOut(request, options);
    } catch (error) {
      if (!AppError.is(error) || error.status !== "RESOURCE_EXHAUSTED") throw error;
      await sleep(fullServerDelayMs, options);
    }
  }
}

function partsOf(chunks: readonly DataChunk[]): DataChunk[][] {
  const parts: DataChunk[][] = [];
  let bytes = partBytes;
  for (const chunk of chunks) {
    if (bytes >= partBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(chunk);
    bytes += chunk.dataOneof.case === "data" ? chunk.dataOneof.value.length : 0;
  }
  return parts;
}
