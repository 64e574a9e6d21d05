import { AppError } from "@dorian/base/app-error";
import { encodeHeaders } from "../http2/header-block.ts";
import { statusDetails } from "./status-details.ts";
import { errorTrailers, statusCode } from "../error/status-error.ts";
import { inWordsOf, type Language } from "../error/words.ts";

/** Codes that a server itself answers with. */
export const statusCodes = { ok: 0, deadlineExceeded: 4 } as const;

const longestMessage = 2_500;
const shownBeginning = 1_500;
const shownEnd = 500;

/** How a call ended, as its trailers say it. */
export interface CallEnd {
  code: number;
  details: string;
  /** Bytes by name; the names end with -bin. */
  binary?: Record<string, Uint8Array>;
  /** Text by name. */
  text?: Record<string, string>;
}

/**
 * Any thrown value as a gRPC status, in the words of the caller's language. The message that foreign clients print verbatim holds what happened and the
 * remedy; trailers carry the parts for our own. What is not an AppError becomes INTERNAL and keeps its details here.
 */
export function endOf(error: unknown, language: Language, onInternal: (error: unknown) => void): CallEnd {
  if (AppError.is(error)) {
    const code = statusCode(error.status);
    const message = inWordsOf(language, shortened(error.message));
    const remedy = inWordsOf(language, shortened(error.remedy));
    const details = remedy === "" ? message : `${message} ${remedy}`;
    return {
      code,
      details,
      text: { [errorTrailers.code]: error.code },
      binary: {
        [errorTrailers.remedy]: Buffer.from(remedy),
        [errorTrailers.message]: Buffer.from(message),
        ...statusDetails(error.code, { code, details }),
      },
    };
  }
  if (isCancellation(error)) return { code: statusCode("CANCELLED"), details: "The call was cancelled." };
  onInternal(error);
  return {
    code: statusCode("INTERNAL"),
    details: "The server failed in a way it did not foresee. Its log has the cause.",
  };
}

/**
 * A message as far as it fits into headers, which peers take some kilobytes of: who sends a megabyte for a name is told of it,
 * and an answer that is too long would end the connection, with all calls on it. What is wrong stands at the end.
 */
function shortened(text: string): string {
  if (text.length <= longestMessage) return text;
  const left = text.length - shownBeginning - shownEnd;
  return `${text.slice(0, shownBeginning)}… [${left} characters] …${text.slice(-shownEnd)}`;
}

/** The header block of a call's trailers, or with `alone` of an answer that consists of nothing else. */
export function trailersOf(end: CallEnd, options: { alone: boolean }): Buffer {
  const headers: [string, string][] = options.alone ? [...answerHeaders] : [];
  headers.push(["grpc-status", String(end.code)]);
  if (end.details !== "") headers.push(["grpc-message", percentEncoded(end.details)]);
  headers.push(...Object.entries(end.text ?? {}));
  for (const [name, value] of Object.entries(end.binary ?? {}))
    headers.push([name, Buffer.from(value).toString("base64")]);
  return encodeHeaders(headers);
}

const answerHeaders: readonly [string, string][] = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];
export const answerHead = encodeHeaders(answerHeaders);
export const successTrailers = trailersOf({ code: statusCodes.ok, details: "" }, { alone: false });

function percentEncoded(text: string): string {
  let out = "";
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    out += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

function isCancellation(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
