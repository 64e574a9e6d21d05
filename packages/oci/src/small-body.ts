import type { IncomingMessage } from "node:http";
import { AppError } from "@dorian/base/app-error";
import { boundedText } from "@dorian/base/bounded-text";

/** Milliseconds for all of a body: a server that sends a byte now and then is never silent. */
const patienceMs = 60_000;

/**
 * The body of an answer that is short by its nature; `what` names it, e.g. "The manifest of debian:12".
 *
 * @throws AppError ANSWER_TOO_LARGE, REGISTRY_UNREACHABLE
 */
export async function smallBody(
  response: IncomingMessage,
  options: { maxBytes: number; what: string },
): Promise<string> {
  const timer = setTimeout(() => response.destroy(tooSlow(options.what)), patienceMs);
  try {
    return await boundedText(response, options);
  } finally {
    clearTimeout(timer);
  }
}

/** Levels that an answer has at most. What is said of images has less than ten; thousands would be read in seconds, and never be shown. */
const maxDepth = 100;

/** What JSON says, as unknown. @throws AppError REGISTRY_ANSWER_INVALID */
export function parseAnswer(body: string, what: string): unknown {
  if (isDeeper(body, maxDepth)) throw invalidAnswer(what, `nested more than ${maxDepth} levels deep`);
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw invalidAnswer(what, `no JSON: ${JSON.stringify(shown(body))}`, cause);
  }
}

/** Whether the lists and objects of a text in JSON are nested in more than so many levels. */
function isDeeper(body: string, levels: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < body.length; at++) {
    const letter = body[at];
    if (isText && letter === "\\") at += 1;
    else if (letter === '"') isText = !isText;
    else if (isText) continue;
    else if (letter === "]" || letter === "}") depth -= 1;
    else if ((letter === "[" || letter === "{") && ++depth > levels) return true;
  }
  return false;
}

/** `what` is `problem`: "The manifest of x is no JSON". */
export function invalidAnswer(what: string, problem: string, cause?: unknown): AppError {
  return new AppError("REGISTRY_ANSWER_INVALID", `${what} is ${problem}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Check the image's name, and any proxy or mirror before its registry; else push the image again.",
    cause,
  });
}

/** The beginning of what somebody else sent, for a message. */
export function shown(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function tooSlow(what: string): AppError {
  return new AppError("REGISTRY_UNREACHABLE", `${what} was not there after ${patienceMs / 1000} s.`, {
    status: "UNAVAILABLE",
    remedy: "Check the network, or name a mirror in DORIAN_REGISTRY_MIRRORS.",
  });
}
