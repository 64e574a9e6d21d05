import { AppError } from "@dorian/base/app-error";
import { openStoredFile } from "@dorian/storage/stored-file";
import { pipeline } from "node:stream/promises";
import type { HttpRequest } from "./http-route.ts";

/**
 * Answers with the bytes of a stored file from `start` to `end`, or the part of them that the request's Range names. False,
 * without an answer, when there is no such file any more.
 */
export async function sendFile(
  request: Pick<HttpRequest, "incoming" | "response" | "signal">,
  file: { path: string; start: number; end: number },
): Promise<boolean> {
  const { incoming, response, signal } = request;
  const size = file.end - file.start;
  const part = rangeOf(incoming.headers.range, size);
  const head = {
    "Content-Type": "application/octet-stream",
    "Accept-Ranges": "bytes",
    "Content-Length": part ? part.end - part.start : size,
    ...(part ? { "Content-Range": `bytes ${part.start}-${part.end - 1}/${size}` } : {}),
  };
  const [from, to] = [file.start + (part?.start ?? 0), file.start + (part?.end ?? size)];
  if (from === to) {
    response.writeHead(200, head).end();
    return true;
  }
  await using content = await openStoredFile(file.path);
  if (!content) return false;
  response.writeHead(part ? 206 : 200, head);
  await pipeline(content.createReadStream({ start: from, end: to - 1, autoClose: false }), response, {
    signal,
  });
  return true;
}

/** The one range that a header names; undefined for none, and for forms that may be ignored. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(Number(last) + 1, size);
  if (start < end) return { start, end };
  throw new AppError("URL_RANGE_INVALID", `There are no bytes "${header}": there are ${size} in all.`, {
    status: "OUT_OF_RANGE",
    remedy: "Ask for a range within them.",
  });
}
