import { frameType, flag, type Frame } from "./frame.ts";
import { ConnectionError, errorCode } from "./http2-error.ts";

/** Frames that concern the connection, or one of its streams. */
const ofConnection: ReadonlySet<number> = new Set([frameType.settings, frameType.ping, frameType.goAway]);
const ofStream: ReadonlySet<number> = new Set([
  frameType.data,
  frameType.headers,
  frameType.priority,
  frameType.resetStream,
  frameType.continuation,
]);

/** Payloads that have one size, by frame type. */
const sizes = new Map<number, number>([
  [frameType.priority, 5],
  [frameType.resetStream, 4],
  [frameType.ping, 8],
  [frameType.windowUpdate, 4],
]);

/** Checks what can be said of a frame alone. @throws ConnectionError */
export function checkFrame(frame: Frame): void {
  const { type, streamId, payload } = frame;
  if (ofConnection.has(type) && streamId !== 0) throw broken(`a frame of type ${type} names a stream`);
  if (ofStream.has(type) && streamId === 0) throw broken(`a frame of type ${type} names no stream`);
  const size = sizes.get(type);
  if (size !== undefined && payload.length !== size) throw sized(type, payload.length);
  if (type === frameType.goAway && payload.length < 8) throw sized(type, payload.length);
  if (type === frameType.pushPromise) throw broken("a stream was promised, which nobody asked for");
  if (type !== frameType.settings) return;
  if ((frame.flags & flag.acknowledge) !== 0 ? payload.length > 0 : payload.length % 6 !== 0)
    throw sized(type, payload.length);
}

function broken(message: string): ConnectionError {
  return new ConnectionError(errorCode.protocol, message);
}

function sized(type: number, bytes: number): ConnectionError {
  return new ConnectionError(errorCode.frameSize, `a frame of type ${type} has ${bytes} bytes`);
}
