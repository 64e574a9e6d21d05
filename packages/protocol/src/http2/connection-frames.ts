import { frameHeader, frameType } from "./frame.ts";

/** What a client sends first. */
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
} as const;
export const defaultWindowBytes = 65_535;
export const connectionWindowBytes = 64 * 1024 * 1024;
/** What the peer may send on one stream before its reader has taken any of it. */
export const streamWindowBytes = 4 * 1024 * 1024;
/** Window updates are sent once this much was taken: a quarter of a stream's window. */
export const creditBytes = 1024 * 1024;
export const resetCode = { none: 0, refused: 7, cancel: 8 } as const;

export function settingsFrame(settings: [id: number, value: number][]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return Buffer.concat([frameHeader(frameType.settings, 0, 0, payload.length), payload]);
}

export function windowUpdate(streamId: number, bytes: number): Buffer {
  return Buffer.concat([frameHeader(frameType.windowUpdate, 0, streamId, 4), uint32(bytes)]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
