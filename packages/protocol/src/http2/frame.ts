import { ConnectionError, errorCode } from "./http2-error.ts";
import { maxFramePayloadBytes } from "./limits.ts";

/** Frame types and flags of HTTP/2 (RFC 9113, section 6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { endStream: 1, acknowledge: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export interface Frame {
  type: number;
  flags: number;
  streamId: number;
  payload: Buffer;
}

export const frameHeaderBytes = 9;

export function frameHeader(type: number, flags: number, streamId: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(frameHeaderBytes);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return header;
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  /** The frame whose bytes have not all come, with room for what is known of it. */
  #partial: Buffer | undefined;
  #filled = 0;

  *read(chunk: Buffer): Generator<Frame> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#partial) {
        rest = this.#fill(this.#partial, rest);
        if (this.#filled < this.#partial.length) return;
        const size = sizeOf(this.#partial);
        if (this.#partial.length < size) {
          this.#grow(this.#partial, size);
          continue;
        }
        const whole = this.#partial;
        this.#partial = undefined;
        yield frameOf(whole, size);
        continue;
      }
      const size = rest.length < frameHeaderBytes ? frameHeaderBytes : sizeOf(rest);
      if (rest.length < size) {
        this.#partial = Buffer.allocUnsafe(size);
        this.#filled = 0;
        continue;
      }
      yield frameOf(rest, size);
      rest = rest.subarray(size);
    }
  }

  #fill(partial: Buffer, from: Buffer): Buffer {
    const taken = from.copy(partial, this.#filled);
    this.#filled += taken;
    return from.subarray(taken);
  }

  #grow(partial: Buffer, size: number): void {
    this.#partial = Buffer.allocUnsafe(size);
    partial.copy(this.#partial);
  }
}

function sizeOf(bytes: Buffer): number {
  const length = bytes.readUIntBE(0, 3);
  if (length > maxFramePayloadBytes)
    throw new ConnectionError(errorCode.frameSize, `a frame of ${length} bytes is too large`);
  return frameHeaderBytes + length;
}

function frameOf(bytes: Buffer, size: number): Frame {
  return {
    type: bytes.readUInt8(3),
    flags: bytes.readUInt8(4),
    streamId: bytes.readUInt32BE(5) & 0x7fffffff,
    payload: bytes.subarray(frameHeaderBytes, size),
  };
}

/** The payload of a DATA or HEADERS frame without padding and priority. */
export function content(frame: Frame): Buffer {
  let payload = frame.payload;
  if ((frame.flags & flag.padded) !== 0) {
    const padding = payload[0];
    if (padding === undefined || padding >= payload.length)
      throw new ConnectionError(errorCode.protocol, "a frame has more padding than bytes");
    payload = payload.subarray(1, payload.length - padding);
  }
  if (frame.type !== frameType.headers || (frame.flags & flag.priority) === 0) return payload;
  if (payload.length < 5) throw new ConnectionError(errorCode.frameSize, "a priority is cut off");
  return payload.subarray(5);
}

/** The stream that this frame makes its own depend on. */
export function dependencyOf(frame: Frame): number | undefined {
  if (frame.type === frameType.headers && (frame.flags & flag.priority) === 0) return undefined;
  const at = frame.type === frameType.headers && (frame.flags & flag.padded) !== 0 ? 1 : 0;
  return frame.payload.readUInt32BE(at) & 0x7fffffff;
}
