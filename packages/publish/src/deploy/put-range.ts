import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

const pieceBytes = 1024 * 1024;

/** Bytes of a file, from `start` to before `end`. */
export interface FileRange {
  start: number;
  end: number;
}

/** Sends a part of a file to an address that the server gave, and tells of each piece on its way. Returns what the server answers. */
export async function putRange(
  url: string,
  file: FileHandle,
  range: FileRange,
  { onSent, signal }: { onSent: (bytes: number) => void; signal: AbortSignal },
): Promise<{ status: number; text: string }> {
  const start = new URL(url).protocol === "https:" ? httpsRequest : httpRequest;
  const headers = { "content-length": range.end - range.start };
  const request = start(url, { method: "PUT", headers, signal });
  const answered = once(request, "response");
  // A server that answers before it has read all may close the connection; its answer is what counts.
  pipeline(pieces(file, range, onSent), request).catch((error: Error) => request.destroy(error));
  const [response] = (await answered) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await text(response) };
}

async function* pieces(
  file: FileHandle,
  { start, end }: FileRange,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end;) {
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, end - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) throw new Error(`it ended after ${at} bytes`);
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
    onSent(bytesRead);
  }
}
