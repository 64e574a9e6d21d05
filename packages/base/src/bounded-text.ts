import { AppError } from "./app-error.ts";

/**
 * The text that a server of somebody else's sends, refused where it grows beyond `maxBytes`: before it is held, not
 * after. `what` names it, e.g. "The manifest of debian:12".
 *
 * @throws AppError ANSWER_TOO_LARGE
 */
export async function boundedText(
  body: AsyncIterable<Uint8Array>,
  { maxBytes, what }: { maxBytes: number; what: string },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(what, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString();
}

function tooLarge(what: string, maxBytes: number): AppError {
  const limit = maxBytes >= 2 ** 20 ? `${maxBytes / 2 ** 20} MiB` : `${maxBytes / 2 ** 10} KiB`;
  return new AppError("ANSWER_TOO_LARGE", `${what} is longer than ${limit}, and was not read on.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Nothing of this kind is so long: check the address, and any proxy or mirror before it.",
  });
}
