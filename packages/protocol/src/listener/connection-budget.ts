import { openFilesLimit } from "@dorian/base/open-files";
import { isIPv6 } from "node:net";
import { addressBytes } from "./address-bytes.ts";

export interface ConnectionLimits {
  /** From everybody together. */
  all: number;
  /** From one address; of IPv6 from one /64, which one customer usually has. */
  eachPeer: number;
  /** From this machine itself, where proxies, workers and tests are. */
  thisMachine: number;
}

/**
 * An idle connection costs some 20 KiB, so all of them stay below 100 MiB; that is more than a small machine serves. One
 * peer, however many users share its address, cannot take what the others need, and neither can this machine.
 */
const usualLimits: ConnectionLimits = { all: 4096, eachPeer: 512, thisMachine: 3072 };
/** Open files that a process keeps for everything but connections. */
const otherFiles = 512;
/** Budgets that one process has at the same time: calls, files, web functions. */
const budgets = 3;

/** The usual limits, or less where the process may have few files open: one that has none left can do nothing at all. */
export function limitsWithin(openFiles: number): ConnectionLimits {
  const all = Math.max(16, Math.floor((openFiles - otherFiles) / budgets));
  const share = Math.min(1, all / usualLimits.all);
  return {
    all: Math.floor(usualLimits.all * share),
    eachPeer: Math.ceil(usualLimits.eachPeer * share),
    thisMachine: Math.floor(usualLimits.thisMachine * share),
  };
}

/** How many connections may be open together, in all and from one peer. */
export class ConnectionBudget {
  #limits: ConnectionLimits;
  #open = 0;
  #byPeer = new Map<string, number>();

  constructor(limits: ConnectionLimits = limitsWithin(openFilesLimit())) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  /** A place for a connection, to be disposed of when it is closed; undefined when there is none. */
  admit(address: string): Disposable | undefined {
    const peer = peerOf(address);
    const ofPeer = this.#byPeer.get(peer) ?? 0;
    const most = peer === thisMachine ? this.#limits.thisMachine : this.#limits.eachPeer;
    if (this.#open >= this.#limits.all || ofPeer >= most) return undefined;
    this.#open++;
    this.#byPeer.set(peer, ofPeer + 1);
    let isOpen = true;
    return {
      [Symbol.dispose]: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#open--;
        const left = (this.#byPeer.get(peer) ?? 1) - 1;
        if (left === 0) this.#byPeer.delete(peer);
        else this.#byPeer.set(peer, left);
      },
    };
  }
}

/** What one customer usually has. */
const networkBytes = 8;

const thisMachine = "this machine";

/** True for addresses of the loopback interface, and for the missing one of a unix socket. */
export function isLoopback(address: string): boolean {
  return address === "" || address === "::1" || address.replace(/^::ffff:/, "").startsWith("127.");
}

function peerOf(address: string): string {
  if (isLoopback(address)) return thisMachine;
  const plain = address.replace(/%.*$/, "").replace(/^::ffff:(?=[\d.]+$)/, "");
  return isIPv6(plain) ? addressBytes(plain).toString("hex", 0, networkBytes) : plain;
}
