import { AppError } from "@dorian/base/app-error";

/** The same limit as our server's. */
const maxMessageBytes = 100 * 1024 * 1024;
const prefixBytes = 5;

/** Cuts the data of a gRPC stream into messages: each has a byte of flags and its length before it. */
export class MessageReader {
  #prefix = Buffer.alloc(prefixBytes);
  #prefixFilled = 0;
  #message: Buffer | undefined;
  #filled = 0;

  *read(chunk: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#message) {
        const taken = chunk.copy(this.#prefix, this.#prefixFilled, at);
        at += taken;
        this.#prefixFilled += taken;
        if (this.#prefixFilled < prefixBytes) return;
        this.#message = Buffer.allocUnsafe(this.#checkedLength());
        this.#filled = 0;
      }
      const taken = chunk.copy(this.#message, this.#filled, at);
      at += taken;
      this.#filled += taken;
      if (this.#filled < this.#message.length) return;
      const message = this.#message;
      this.#message = undefined;
      this.#prefixFilled = 0;
      yield message;
    }
  }

  #checkedLength(): number {
    const length = this.#prefix.readUInt32BE(1);
    if (this.#prefix[0] !== 0) {
      throw new AppError("MESSAGE_COMPRESSED", "The peer sent a compressed message.", {
        status: "UNIMPLEMENTED",
        remedy: "Turn compression off there.",
      });
    }
    if (length > maxMessageBytes) {
      throw new AppError("MESSAGE_TOO_LARGE", `The peer sent a message of ${length} bytes.`, {
        status: "RESOURCE_EXHAUSTED",
        remedy: "Messages are at most 100 MiB: pass large data through a Volume.",
      });
    }
    return length;
  }
}
