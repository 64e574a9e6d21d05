import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { ipv4Networks } from "@dorian/operator/network-border";
import {
  addressIn,
  chooseRange,
  formatRange,
  parseRange,
  type Range,
  usableAddresses,
} from "./address-range.ts";
import { DnsForwarder } from "./dns-forwarder.ts";
import { HttpForwarder, type HttpAddress } from "./http-forwarder.ts";
import { natRules, type NatOptions } from "./nat-rules.ts";
import { networkCommand } from "./network-command.ts";
import { ipv4Routes, networkInterfaces } from "./network-interfaces.ts";
import { hardwareAddress, networkNames } from "./network-names.ts";
import { removeNetwork } from "./remove-network.ts";
import { containerResolver } from "./resolver.ts";
import { WebForwarders } from "./web-forwarders.ts";

/** The host's part of the containers' network: a bridge with an address range of its own, its rules, and DNS. */
export class HostNetwork implements AsyncDisposable {
  readonly instance: string;
  readonly bridge: string;
  readonly gateway: string;
  readonly mtu: number;
  readonly resolvConf: string;
  #range: Range;
  #web: WebForwarders;
  #rules: Omit<NatOptions, "webPorts">;
  #webPorts: readonly number[] = [];
  #resources: AsyncDisposableStack;
  #next = 0;
  #used = new Set<number>();

  private constructor(parts: {
    instance: string;
    range: Range;
    mtu: number;
    resolvConf: string;
    web: WebForwarders;
    rules: Omit<NatOptions, "webPorts">;
    resources: AsyncDisposableStack;
  }) {
    this.instance = parts.instance;
    this.bridge = networkNames(parts.instance).bridge;
    this.gateway = addressIn(parts.range, 1);
    this.mtu = parts.mtu;
    this.resolvConf = parts.resolvConf;
    this.#range = parts.range;
    this.#web = parts.web;
    this.#rules = parts.rules;
    this.#resources = parts.resources;
  }

  static async open(options: {
    instance: string;
    hostResolvConf: string;
    /** The control plane's HTTP, as soon as it is known. */
    serverHttp: () => HttpAddress | undefined;
    /** Address ranges that containers do not reach. */
    blockedNetworks: readonly string[];
  }): Promise<HostNetwork> {
    const { instance, hostResolvConf, serverHttp, blockedNetworks } = options;
    const { bridge, table } = networkNames(instance);
    const [interfaces, routes] = await Promise.all([networkInterfaces(), ipv4Routes()]);
    const nameservers = [...hostResolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(
      (match) => match[1] ?? "",
    );
    const addresses = interfaces.flatMap((entry) => entry.ipv4);
    const taken = [...addresses, ...routes.map((route) => route.destination), ...nameservers];
    const range = chooseRange(
      instance,
      taken.map(parseRange).filter((found) => found !== undefined),
    );
    const uplink = routes.find((route) => route.destination === "default")?.device;
    const mtu = Math.min(1500, interfaces.find((entry) => entry.name === uplink)?.mtu ?? 1500);
    const gateway = addressIn(range, 1);
    const resolver = containerResolver({
      hostResolvConf,
      hostAddresses: addresses.map((address) => address.split("/")[0] ?? ""),
      gateway,
    });

    await using resources = new AsyncDisposableStack();
    resources.defer(async () => void (await removeNetwork(instance)));
    await networkCommand(
      "ip",
      ["-batch", "-"],
      [
        `link add ${bridge} mtu ${mtu} address ${hardwareAddress(instance)} type bridge`,
        `address add ${gateway}/${range.prefix} dev ${bridge}`,
        `link set ${bridge} up`,
      ].join("\n"),
    );
    // Without this the host's link-local IPv6 address would be on the bridge as well.
    const ipv6 = `/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`;
    if (existsSync(ipv6)) await writeFile(ipv6, "1");
    const forwarder =
      resolver.forwardTo === undefined
        ? undefined
        : resources.use(
            await DnsForwarder.open({ address: gateway, upstream: { address: resolver.forwardTo } }),
          );
    const http = resources.use(await HttpForwarder.open({ address: gateway, upstream: serverHttp }));
    const web = resources.use(
      new WebForwarders({ address: gateway, serverHost: () => serverHttp()?.host ?? "127.0.0.1" }),
    );
    const rules = {
      table,
      bridge,
      range: formatRange(range),
      gateway,
      resolvers: nameservers.filter((address) => parseRange(address) !== undefined),
      ...(forwarder && { dnsPort: forwarder.port }),
      httpPort: http.port,
      blocked: ipv4Networks(blockedNetworks),
    };
    await networkCommand("nft", ["-f", "-"], natRules({ ...rules, webPorts: new Map() }));
    // Rules first: no packet is forwarded before they are in force.
    await enableForwarding();
    return new HostNetwork({
      instance,
      range,
      mtu,
      resolvConf: resolver.resolvConf,
      web,
      rules,
      resources: resources.move(),
    });
  }

  /** Ports of the server at which web functions are reached; containers' networks lead there. */
  get webPorts(): readonly number[] {
    return this.#webPorts;
  }

  async setWebPorts(ports: readonly number[]): Promise<void> {
    const webPorts = await this.#web.set(ports);
    await networkCommand("nft", ["-f", "-"], natRules({ ...this.#rules, webPorts }));
    this.#webPorts = ports;
  }

  /** A free address, with the prefix length; give its index back to {@link release}. */
  reserve(): { index: number; address: string } {
    do this.#next = (this.#next + 1) % usableAddresses;
    while (this.#used.has(this.#next));
    this.#used.add(this.#next);
    // The range's first address is no host's, the second is the gateway's.
    return { index: this.#next, address: `${addressIn(this.#range, this.#next + 2)}/${this.#range.prefix}` };
  }

  release(index: number): void {
    this.#used.delete(index);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** Stays on after us: other programs may have come to rely on it. */
async function enableForwarding(): Promise<void> {
  const path = "/proc/sys/net/ipv4/ip_forward";
  if ((await readFile(path, "utf8")).trim() !== "1") await writeFile(path, "1");
}
