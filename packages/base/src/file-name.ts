import { isUtf8 } from "node:buffer";

/**
 * The name or path that bytes are, as a text that stands for these very bytes: where they are not UTF-8, each is half of a surrogate
 * pair, which no other text has. `fileBytes` is the way back.
 */
export function fileName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  return textOf(bytes, (byte) => String.fromCharCode(firstStandIn + byte));
}

/** What a name or path is to the kernel: for calls that take bytes. */
export function fileBytes(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name);
  const parts = name.split(standIns);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 1 ? Buffer.of(part.charCodeAt(0) - firstStandIn) : Buffer.from(part),
    ),
  );
}

/** Makes the same for Node's own calls, to which most names are texts. */
export function filePath(name: string): string | Buffer {
  return name.isWellFormed() ? name : fileBytes(name);
}

/**
 * A name or path for people and other programs: \xhh for each byte that is not UTF-8, and then for each backslash, too, so that nothing in
 * the name looks like what stands for a byte.
 */
export function shownName(name: string): string {
  return name.isWellFormed() ? name : escapedName(fileBytes(name));
}

/** Does as {@link shownName} with bytes. */
export function escapedName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  return textOf(bytes, escape, (letter) => (letter === "\\" ? escape(letter.charCodeAt(0)) : letter));
}

/** The name that `shownName` showed so; undefined for a text without anything that it may have put in. */
export function nameShownAs(text: string): string | undefined {
  if (!/\\x[0-9a-f]{2}/.test(text)) return undefined;
  const parts = text.split(/(\\x[0-9a-f]{2})/);
  const bytes = parts.map((part, index) =>
    index % 2 === 1 ? Buffer.from(part.slice(2), "hex") : Buffer.from(part),
  );
  return fileName(Buffer.concat(bytes));
}

const firstStandIn = 0xdc00;
// As a pattern of whole letters it passes over the second half of a pair that has its first.
const standIns = /([\udc80-\udcff])/u;

function escape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

function textOf(
  bytes: Buffer,
  odd: (byte: number) => string,
  plain: (letter: string) => string = (letter) => letter,
): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find(
      (each) => at + each <= bytes.length && isUtf8(bytes.subarray(at, at + each)),
    );
    text += length === undefined ? odd(bytes[at] ?? 0) : plain(bytes.toString("utf8", at, at + length));
    at += length ?? 1;
  }
  return text;
}
