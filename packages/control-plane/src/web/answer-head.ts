import { AppError } from "@dorian/base/app-error";

type Pair = [name: string, value: string];

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The headers that an app gives its answer, each of which would otherwise go to the client as it is.
 *
 * @throws AppError WEB_ANSWER_INVALID
 */
export function headersOfApp(flat: readonly Uint8Array[]): Pair[] {
  const pairs: Pair[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const [name, value] = [latin1(flat[index]), latin1(flat[index + 1])];
    if (!token.test(name)) throw invalidAnswer(`a header cannot be called ${quoted(name)}`);
    if (!fieldValue.test(value)) throw invalidAnswer(`the header ${name} cannot be ${quoted(value)}`);
    pairs.push([name, value]);
  }
  const lengths = pairs.filter(([name]) => name.toLowerCase() === "content-length");
  const [first] = lengths;
  if (first && (lengths.length > 1 || !/^\d{1,15}$/.test(first[1]))) {
    throw invalidAnswer(`its length cannot be ${lengths.map(([, value]) => quoted(value)).join(" and ")}`);
  }
  return pairs;
}

/** A status with which an answer can end. @throws AppError WEB_ANSWER_INVALID */
export function statusOfApp(status: number): number {
  if (status >= 200 && status <= 999) return status;
  throw invalidAnswer(`its status cannot be ${status}`);
}

/** The websocket protocol that an app has chosen; undefined for one that the client has not offered, and would not take. */
export function subprotocolOfApp(chosen: string | undefined, offered: readonly string[]): string | undefined {
  return chosen !== undefined && offered.includes(chosen) ? chosen : undefined;
}

export function invalidAnswer(why: string, cause?: unknown): AppError {
  return new AppError("WEB_ANSWER_INVALID", `The app's answer cannot be sent: ${why}.`, {
    status: "INTERNAL",
    remedy: "Correct what the app answers.",
    cause,
  });
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function latin1(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
