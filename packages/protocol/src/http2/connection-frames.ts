import { frameHeader, frameType } from "./frame.ts";
import { ConnectionError, errorCode } from "./http2-error.ts";
import { maxWindowBytes } from "./limits.ts";

/** What a client sends first. */
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;
/** What windows hold before anybody says otherwise. */
export const defaultWindowBytes = 65_535;

export function settingsFrame(settings: [id: number, value: number][]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return Buffer.concat([frameHeader(frameType.settings, 0, 0, payload.length), payload]);
}

/** The settings of a frame by number: of one that is given several times, the last. @throws ConnectionError */
export function readSettings(payload: Buffer): Map<number, number> {
  const settings = new Map<number, number>();
  for (let at = 0; at < payload.length; at += 6) {
    const id = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    if (id === setting.enablePush && value > 1) throw unfit(errorCode.protocol, "ENABLE_PUSH", value);
    if (id === setting.initialWindowSize && value > maxWindowBytes)
      throw unfit(errorCode.flowControl, "INITIAL_WINDOW_SIZE", value);
    if (id === setting.maxFrameSize && (value < 2 ** 14 || value >= 2 ** 24))
      throw unfit(errorCode.protocol, "MAX_FRAME_SIZE", value);
    settings.set(id, value);
  }
  return settings;
}

function unfit(code: number, name: string, value: number): ConnectionError {
  return new ConnectionError(code, `${name} cannot be ${value}`);
}

export function windowUpdate(streamId: number, bytes: number): Buffer {
  return Buffer.concat([frameHeader(frameType.windowUpdate, 0, streamId, 4), uint32(bytes)]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
