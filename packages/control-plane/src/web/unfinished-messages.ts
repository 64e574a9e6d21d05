import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/**
 * What the clients of all websockets together may have sent of messages that are not complete, or that wait for their app. Each may
 * hold one of 16 MiB, and there may be thousands of clients.
 */
const mostBytes = 256 * 1024 * 1024;
/** "Try again later": whoever sends then may have sent the least of all, but there is no room for it. */
const tryAgainLater = 1013;
/** Milliseconds for the last word to arrive. Nothing of what the client goes on sending is taken. */
const farewellMs = 1_000;
/** Bytes of a control frame's head and mask. */
const frameBytes = 6;

/** Counts bytes of websocket messages that are held until the rest of them comes, or until their app takes them. */
export class UnfinishedMessages {
  #most: number;
  #total = 0;

  constructor({ most = mostBytes }: { most?: number } = {}) {
    this.#most = most;
  }

  /**
   * Counts those of a websocket, until it is closed. It is closed with 1013 when there are too many. What is returned counts
   * whole messages that are kept, and below 0 those that are kept no longer.
   */
  watch(websocket: WebSocket, socket: Duplex): (bytes: number) => void {
    let own = 0;
    const count = (bytes: number) => {
      const change = Math.max(bytes, -own);
      own += change;
      this.#total += change;
    };
    const onData = (chunk: Buffer) => {
      count(chunk.length);
      if (this.#total <= this.#most || websocket.readyState !== websocket.OPEN) return;
      websocket.close(tryAgainLater, "The server holds too much for others.");
      websocket.pause();
      setTimeout(() => websocket.terminate(), farewellMs).unref();
    };
    const onControl = (data: Buffer) => count(-data.length - frameBytes);
    websocket.on("message", () => count(-own));
    websocket.on("ping", onControl).on("pong", onControl);
    websocket.once("close", () => {
      socket.off("data", onData);
      count(-own);
    });
    socket.on("data", onData);
    return (bytes) => (this.#total += bytes);
  }
}
