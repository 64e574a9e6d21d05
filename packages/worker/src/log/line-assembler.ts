import { StringDecoder } from "node:string_decoder";

/** Characters of a line that are kept: the last words of a program may be a megabyte in one line. */
export const longestLine = 4 * 1024 * 1024;
/** Characters that are kept of a longer line's end: the last words of all. */
export const longestEnd = 1024;

/**
 * Puts the bytes of one stream together to text that ends where a line ends: however they were written, nobody sees a
 * part of a line as a whole one. What a progress bar overwrites, with a carriage return, ends a line as well.
 */
export class LineAssembler {
  #decoder = new StringDecoder();
  /** What of the unfinished line was not passed on yet. */
  #held = "";
  /** Characters of the unfinished line that were passed on or are held. */
  #kept = 0;
  /** Characters of the unfinished line beyond those that are kept, and the last of them. */
  #beyond = 0;
  #end = "";

  /** Something of an unfinished line is held. */
  get isHolding(): boolean {
    return this.#held !== "";
  }

  /** The whole lines that these bytes complete. */
  write(chunk: Buffer): string {
    const text = this.#decoder.write(chunk);
    if (text === "") return "";
    const end = endOfLines(text);
    if (end > 0) {
      const lines = this.#finish(text.slice(0, end));
      this.#hold(text.slice(end));
      return lines;
    }
    const isOverwritten = this.#held.endsWith("\r") && !text.startsWith("\n");
    const line = isOverwritten ? this.#finish("") : "";
    this.#hold(text);
    return line;
  }

  /** What is there of a line that may go on: its writer has paused. */
  release(): string {
    const text = this.#held;
    this.#held = "";
    return text;
  }

  /** The rest: nothing follows. */
  end(): string {
    this.#hold(this.#decoder.end());
    return this.#finish("");
  }

  #hold(text: string): void {
    if (text === "") return;
    const kept = startOf(text, longestLine - this.#kept);
    this.#held += kept;
    this.#kept += kept.length;
    this.#exceed(text.slice(kept.length));
  }

  /** `lines`: the rest of the unfinished line, its end, and whole lines after it. */
  #finish(lines: string): string {
    const held = this.release();
    const start = held + (this.#beyond > 0 ? this.#cut(lines) : lines);
    this.#kept = 0;
    this.#beyond = 0;
    this.#end = "";
    return start;
  }

  #exceed(text: string): void {
    this.#beyond += text.length;
    this.#end = endOf(this.#end + text.slice(-longestEnd), longestEnd);
  }

  #cut(lines: string): string {
    const rest = /^[^\r\n]*/.exec(lines)?.[0] ?? "";
    this.#exceed(rest);
    const dropped = this.#beyond - this.#end.length;
    const note = dropped > 0 ? ` [${dropped} characters of this line were dropped] ` : "";
    return `${note}${this.#end}${lines.slice(rest.length) || "\n"}`;
  }
}

/** Takes so many characters of a text's beginning at most, and no half of one. */
function startOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const isHalved = length > 0 && /[\uD800-\uDBFF]/.test(text.charAt(length - 1));
  return text.slice(0, Math.max(0, isHalved ? length - 1 : length));
}

/** Does as {@link startOf}, with a text's end. */
function endOf(text: string, length: number): string {
  return text.slice(-length).replace(/^[\uDC00-\uDFFF]/, "");
}

/** Where the last line in the text ends; 0 where none does. A carriage return at the very end may belong to a line feed. */
function endOfLines(text: string): number {
  const lineFeed = text.lastIndexOf("\n");
  const overwritten = text.lastIndexOf("\r", text.length - 2);
  return Math.max(lineFeed, text.length > 1 ? overwritten : -1) + 1;
}
