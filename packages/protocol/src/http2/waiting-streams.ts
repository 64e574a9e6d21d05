import type { Http2Stream } from "./stream.ts";

/** Streams that have more to send than they may at the moment. */
export class WaitingStreams {
  #streams = new Set<Http2Stream>();

  add(stream: Http2Stream): void {
    this.#streams.add(stream);
  }

  delete(stream: Http2Stream): void {
    this.#streams.delete(stream);
  }

  clear(): void {
    this.#streams.clear();
  }

  /** Has each send, for as long as there is room. Who still has something to send afterwards is last next time. */
  send(hasRoom: () => boolean): void {
    if (this.#streams.size === 0) return;
    for (const stream of Array.from(this.#streams)) {
      if (!hasRoom()) return;
      this.#streams.delete(stream);
      if (!stream.open) continue;
      stream.flush();
      if (stream.isBlocked) this.#streams.add(stream);
      else if (stream.waiting) {
        stream.waiting = false;
        stream.events.drained();
      }
    }
  }
}
