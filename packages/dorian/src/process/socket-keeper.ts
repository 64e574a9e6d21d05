import { whenAwakeFor, type AwakeTimer } from "@dorian/base/awake-timer";
import type { ListeningSocket, SupervisedReport } from "./supervision.ts";

/**
 * Milliseconds that clients may wait at a socket that no process serves. A server starts in less; official clients ask after 30 s
 * whether anybody is there, and take who does not answer for 10 s for gone.
 */
const waitMs = 20_000;

/**
 * Keeps the listening sockets of a process open while the next one starts, which inherits them: who connects meanwhile waits in
 * the kernel's queue. For a while: after that, and when no next one is to come, they are closed, and whoever waits is told by it.
 */
export class SocketKeeper implements Disposable {
  #sockets = new Map<string, ListeningSocket>();
  #patience: AwakeTimer | undefined;
  #onGivenUp: () => void;
  #isOver = false;

  /** `onGivenUp` is told when nobody is to wait any longer. */
  constructor(onGivenUp: () => void) {
    this.#onGivenUp = onGivenUp;
  }

  /** For a process that starts, by name. */
  get descriptors(): Map<string, number> {
    return new Map([...this.#sockets].map(([name, socket]) => [name, socket.fd]));
  }

  heard(report: SupervisedReport, socket: ListeningSocket | undefined): void {
    switch (report.kind) {
      case "listening":
        this.#close(report.name);
        if (this.#isOver) socket?.close();
        else if (socket) this.#sockets.set(report.name, socket);
        break;
      case "not listening":
        this.#close(report.name);
        break;
      case "ready":
        this.#patience?.clear();
        this.#patience = undefined;
    }
  }

  /** The process that served them has ended. */
  unserved(): void {
    if (this.#sockets.size === 0) return;
    this.#patience ??= whenAwakeFor(waitMs, () => {
      this.#patience = undefined;
      this.#closeAll();
      this.#onGivenUp();
    });
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#patience?.clear();
    this.#closeAll();
  }

  #closeAll(): void {
    for (const name of this.#sockets.keys()) this.#close(name);
  }

  #close(name: string): void {
    this.#sockets.get(name)?.close();
    this.#sockets.delete(name);
  }
}
