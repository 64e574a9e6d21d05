/** Frame types and flags of HTTP/2 (RFC 9113, section 6). */
export const frameType = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
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
/** The largest payload that we accept and, unless the peer allows more, send. */
export const maxFramePayloadBytes = 16_384;

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
  #rest: Buffer = Buffer.alloc(0);

  *read(chunk: Buffer): Generator<Frame> {
    // What is left of an earlier chunk is less than a frame, so that joining stays cheap.
    let buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (buffer.length >= frameHeaderBytes) {
      const length = buffer.readUIntBE(0, 3);
      if (length > maxFramePayloadBytes) throw new Error(`a frame of ${length} bytes is too large`);
      const end = frameHeaderBytes + length;
      if (buffer.length < end) break;
      yield {
        type: buffer.readUInt8(3),
        flags: buffer.readUInt8(4),
        streamId: buffer.readUInt32BE(5) & 0x7fffffff,
        payload: buffer.subarray(frameHeaderBytes, end),
      };
      buffer = buffer.subarray(end);
    }
    this.#rest = buffer;
  }
}

/** The payload of a DATA or HEADERS frame without padding and priority. */
export function content(frame: Frame): Buffer {
  let payload = frame.payload;
  if ((frame.flags & flag.padded) !== 0) payload = payload.subarray(1, payload.length - payload.readUInt8(0));
  if (frame.type === frameType.headers && (frame.flags & flag.priority) !== 0) payload = payload.subarray(5);
  return payload;
}
