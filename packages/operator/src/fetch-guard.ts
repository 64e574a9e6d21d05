import { lookup as systemLookUp, type LookupOptions } from "node:dns";
import { isIP, type BlockList, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { AppError } from "@dorian/base/app-error";
import { addressList, ipv4Within, isAddressRange, isIn, machineAddress } from "./machine-address.ts";
import type { NetworkBorder } from "./network-border.ts";

type LookedUp = Parameters<LookupFunction>[2];

const defaultPorts: Record<string, string> = { "http:": "80", "https:": "443" };

/**
 * Decides what may be fetched of that which users, images and answers name: what a container of this machine would
 * reach, so neither this machine nor what speaks for it. What the operator names may be anywhere.
 *
 * Addresses are judged when a connection is made, after its name was looked up: a name that changes between two looks
 * gains nothing.
 */
export class FetchGuard {
  /** With a port. */
  #named: ReadonlySet<string>;
  #fetchFrom: readonly string[];
  #fetchFromRanges: BlockList;
  #blocked: BlockList;
  #lookUp: typeof systemLookUp;

  /** `named`: addresses that the operator's settings name for a purpose, such as mirrors. */
  constructor(border: NetworkBorder, named: readonly string[] = [], lookUp = systemLookUp) {
    this.#lookUp = lookUp;
    const urls = named.map((text) => URL.parse(text)).filter((url) => url !== null);
    this.#named = new Set(urls.map((url) => `${url.hostname}:${portOf(url)}`));
    this.#fetchFrom = border.fetchFrom;
    this.#fetchFromRanges = addressList(border.fetchFrom.filter(isAddressRange));
    this.#blocked = addressList(border.blockedNetworks);
  }

  /**
   * What a request to `url` has to be made with: of agents that speak through a proxy, too, which then looks names up
   * and judges them itself.
   *
   * @throws AppError FETCH_REFUSED
   */
  requestOptions(url: URL): { lookup?: LookupFunction } {
    const host = url.hostname.replace(/\.$/, "");
    const place = `${host}:${portOf(url)}`;
    if (this.#named.has(place) || this.#fetchFrom.includes(place) || this.#fetchFrom.includes(host))
      return {};
    const literal = host.replace(/^\[(.*)\]$/, "$1");
    if (isIP(literal) !== 0) {
      const why = this.#refusal(literal);
      if (why !== undefined) throw refused(place, literal, why);
      return {};
    }
    if (/(?:^|\.)localhost$/.test(host)) throw refused(place, host, "the worker's own machine");
    return { lookup: (name, options, done) => this.#lookUpGuarded(place, name, options, done) };
  }

  #lookUpGuarded(place: string, name: string, options: LookupOptions, done: LookedUp): void {
    this.#lookUp(name, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      const allowed = found.filter(({ address }) => this.#refusal(address) === undefined);
      const [first] = allowed;
      if (!first) {
        const address = found[0]?.address ?? "nothing";
        return done(refused(place, `its address ${address}`, this.#refusal(address) ?? "none"), []);
      }
      return options.all ? done(null, allowed) : done(null, first.address, first.family);
    });
  }

  #refusal(address: string): string | undefined {
    const plain = ipv4Within(address);
    if (isIn(this.#fetchFromRanges, plain)) return undefined;
    if (isIn(this.#blocked, plain)) return "in a network that the operator blocks";
    return machineAddress(plain, machineInterfaces());
  }
}

function machineInterfaces() {
  return Object.entries(networkInterfaces()).flatMap(([name, entries = []]) =>
    entries.map(({ address, cidr }) => ({ name, address, cidr })),
  );
}

function portOf(url: URL): string {
  return url.port || (defaultPorts[url.protocol] ?? "");
}

function refused(place: string, what: string, why: string): AppError {
  return new AppError("FETCH_REFUSED", `Nothing is fetched from ${place} for a build: ${what} is ${why}.`, {
    status: "PERMISSION_DENIED",
    remedy: `Let the build have it as a file (COPY), or serve it from another machine. The operator may allow it where the worker runs: DORIAN_FETCH_FROM=${place}.`,
  });
}
