import { content, dependencyOf, flag, frameType, type Frame } from "./frame.ts";
import { decodeHeaders } from "./header-block.ts";
import type { HeaderList } from "./header-list.ts";
import { HeaderTable } from "./header-table.ts";
import { ConnectionError, errorCode } from "./http2-error.ts";
import { maxHeaderFrames, maxHeaderListBytes } from "./limits.ts";

export interface HeaderBlock {
  streamId: number;
  list: HeaderList;
  endStream: boolean;
  /** The stream is said to depend on itself. */
  dependsOnItself: boolean;
}

/** Puts header blocks together from HEADERS and CONTINUATION frames, and decodes them in their order. */
export class HeaderCollector {
  #table: HeaderTable;
  #first: Frame | undefined;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** `tableBytes`: what the peer was told that it may keep in our table. */
  constructor(tableBytes: number) {
    this.#table = new HeaderTable(tableBytes);
  }

  /** A block has begun and is not complete. */
  get isOpen(): boolean {
    return this.#first !== undefined;
  }

  /** Takes a frame of any type; returns the block that it completes. @throws ConnectionError */
  take(frame: Frame): HeaderBlock | undefined {
    const isContinuation = frame.type === frameType.continuation;
    if (this.#first ? !isContinuation || frame.streamId !== this.#first.streamId : isContinuation)
      throw new ConnectionError(errorCode.protocol, "a header block is not in one piece");
    if (frame.type === frameType.headers) this.#first = frame;
    else if (!isContinuation) return undefined;
    const part = isContinuation ? frame.payload : content(frame);
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#parts.length > maxHeaderFrames || this.#bytes > maxHeaderListBytes)
      throw new ConnectionError(errorCode.enhanceYourCalm, "a header block is too large");
    return (frame.flags & flag.endHeaders) === 0 ? undefined : this.#complete();
  }

  #complete(): HeaderBlock | undefined {
    const first = this.#first;
    if (!first) return undefined;
    const block = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#first = undefined;
    this.#parts = [];
    this.#bytes = 0;
    return {
      streamId: first.streamId,
      // Decoded whatever becomes of it: later blocks refer to it.
      list: decodeHeaders(block ?? Buffer.alloc(0), this.#table),
      endStream: (first.flags & flag.endStream) !== 0,
      dependsOnItself: dependencyOf(first) === first.streamId,
    };
  }
}
