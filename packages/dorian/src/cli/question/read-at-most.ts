import { AppError } from "@dorian/base/app-error";
import { createReadStream } from "node:fs";
import { addAbortSignal } from "node:stream";
import { formatBytes } from "../../format-bytes.ts";

/**
 * The text of a file, or of standard input for "-".
 *
 * @throws AppError FILE_TOO_LARGE before more than `maxBytes` are read, FILE_NOT_READABLE
 */
export async function readAtMost(
  path: string,
  maxBytes: number,
  { stdin, signal }: { stdin: NodeJS.ReadStream; signal: AbortSignal },
): Promise<Buffer> {
  const name = path === "-" ? "Standard input" : path;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream = addAbortSignal(signal, path === "-" ? stdin : createReadStream(path));
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new AppError("FILE_NOT_READABLE", `${name} cannot be read.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Name a file that is there and that you may read.",
      cause: error,
    });
  }
  if (size <= maxBytes) return Buffer.concat(chunks);
  throw new AppError("FILE_TOO_LARGE", `${name} holds more than ${formatBytes(maxBytes)}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Give less, and put large data into a volume.",
  });
}
