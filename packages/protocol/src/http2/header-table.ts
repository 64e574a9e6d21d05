/** What an entry counts beside its letters (RFC 7541, section 4.1). */
const entryOverheadBytes = 32;

export type HeaderEntry = readonly [name: string, value: string];

/** The dynamic table of one direction of a connection: headers that the peer sent before and now names by index. */
export class HeaderTable {
  #limit: number;
  #maxBytes: number;
  #bytes = 0;
  /** Newest first. */
  #entries: HeaderEntry[] = [];

  /** `limit`: what the peer was told, in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#maxBytes = limit;
  }

  get(index: number): HeaderEntry | undefined {
    return this.#entries[index];
  }

  add(entry: HeaderEntry): void {
    this.#entries.unshift(entry);
    this.#bytes += bytesOf(entry);
    this.#evict();
  }

  /** False for more than the limit allows. */
  resize(bytes: number): boolean {
    if (bytes > this.#limit) return false;
    this.#maxBytes = bytes;
    this.#evict();
    return true;
  }

  #evict(): void {
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#entries.pop();
      if (!oldest) return;
      this.#bytes -= bytesOf(oldest);
    }
  }
}

function bytesOf([name, value]: HeaderEntry): number {
  return name.length + value.length + entryOverheadBytes;
}
