import { closeSync } from "node:fs";
import type { Server } from "node:net";
import type { KeptSockets } from "@dorian/protocol/listener/kept-sockets";
import type { ListeningSocket, SupervisedReport } from "./supervision.ts";

/** The listening sockets of a supervised process, which its supervisor keeps. */
export class SupervisedSockets implements KeptSockets {
  #inherited: Map<string, number>;
  #report: (report: SupervisedReport, socket?: ListeningSocket) => void;

  constructor(
    inherited: Map<string, number>,
    report: (report: SupervisedReport, socket?: ListeningSocket) => void,
  ) {
    this.#inherited = inherited;
    this.#report = report;
  }

  take(name: string): number | undefined {
    const descriptor = this.#inherited.get(name);
    this.#inherited.delete(name);
    return descriptor;
  }

  keep(name: string, server: Server & { _handle?: ListeningSocket }): void {
    this.#report({ kind: "listening", name }, server._handle);
  }

  letGo(name: string): void {
    this.#report({ kind: "not listening", name });
  }

  /** Whoever waits at a socket that nobody has taken waits in vain. */
  closeRest(): void {
    for (const [name, descriptor] of this.#inherited) {
      closeSync(descriptor);
      this.letGo(name);
    }
    this.#inherited.clear();
  }
}
