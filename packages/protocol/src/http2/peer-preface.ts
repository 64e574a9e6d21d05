import { ConnectionError, errorCode } from "./http2-error.ts";

/** What the peer has to say before its first frame. */
export class PeerPreface {
  #expected: Buffer;
  #at = 0;

  constructor(expected: Buffer) {
    this.#expected = expected;
  }

  /** What comes after it. @throws ConnectionError for a peer that says something else */
  after(chunk: Buffer): Buffer {
    const expected = this.#expected;
    if (this.#at === expected.length) return chunk;
    const part = chunk.subarray(0, expected.length - this.#at);
    if (!part.equals(expected.subarray(this.#at, this.#at + part.length)))
      throw new ConnectionError(errorCode.protocol, "the peer does not speak HTTP/2");
    this.#at += part.length;
    return chunk.subarray(part.length);
  }
}
