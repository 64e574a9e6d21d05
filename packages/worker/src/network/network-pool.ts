import { Turns } from "@dorian/base/turns";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { IdRangeKind } from "../user-namespace/id-ranges.ts";
import type { UserNamespace, UserNamespaces } from "../user-namespace/user-namespaces.ts";
import { networkCommand } from "./network-command.ts";
import { ContainerNetwork, type NetworkUser } from "./container-network.ts";
import { forwardWarnings } from "./forward-policy.ts";
import { HostNetwork } from "./host-network.ts";
import type { HttpAddress } from "./http-forwarder.ts";
import { networkNames } from "./network-names.ts";

/** A container's way out: a network namespace whose eth0 leads through the host. Disposal gives it back. */
export interface NetworkLease extends AsyncDisposable {
  /** File at which the namespace is mounted. */
  path: string;
  /** The container's own. */
  address: string;
  /** For the container's /etc/resolv.conf. */
  resolvConf: string;
  /** That the network belongs to, and its container with it. Undefined: the host's. */
  userNamespace: UserNamespace | undefined;
  /** Moves the way out into the namespace of a container that was brought back from a snapshot. No other container is given it then. */
  moveInto(container: NetworkUser): Promise<void>;
  /** It has been moved: no other container can be started in it. */
  readonly hasMoved: boolean;
}

export interface NetworkPoolOptions {
  runtimeDirectory: string;
  /** How many networks are kept ready. */
  size: number;
  /** Eight hex digits that tell the workers of one machine apart. */
  instance: string;
  /** Default: /etc/resolv.conf. */
  resolvConfPath?: string;
  /** The control plane's HTTP, as soon as it is known: containers find it at an address of its own. Default: unknown. */
  serverHttp?: () => HttpAddress | undefined;
  /** Address ranges that containers do not reach. Default: none. */
  blockedNetworks?: readonly string[];
  /** For containers with user ids of their own. */
  userNamespaces?: UserNamespaces | undefined;
}

const refillDelayMs = 300;

/**
 * Networks made ahead, so that a container's start waits for none. A network is used again after its container has
 * ended: without NET_ADMIN and NET_RAW a container can leave nothing in it but closing connections.
 */
export class NetworkPool implements AsyncDisposable {
  /** What may keep containers from the network, found at the start; for the log and for `doctor`. */
  readonly warnings: string[];
  #host: HostNetwork;
  #size: number;
  #userNamespaces: UserNamespaces | undefined;
  #free: ContainerNetwork[] = [];
  #directory: string;
  #making = new Set<Promise<ContainerNetwork>>();
  /** All that there are, with the port that one's container serves itself. */
  #networks = new Map<ContainerNetwork, number | undefined>();
  #leading = new Turns();
  #leaving = new Set<Promise<void>>();
  #refillTimer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(
    host: HostNetwork,
    directory: string,
    options: Pick<NetworkPoolOptions, "size" | "userNamespaces">,
    warnings: string[],
  ) {
    this.#host = host;
    this.#directory = directory;
    this.#size = options.size;
    this.#userNamespaces = options.userNamespaces;
    this.warnings = warnings;
  }

  static async open(options: NetworkPoolOptions): Promise<NetworkPool> {
    const { instance, runtimeDirectory, resolvConfPath = "/etc/resolv.conf", blockedNetworks = [] } = options;
    const serverHttp = options.serverHttp ?? (() => undefined);
    const directory = join(runtimeDirectory, "netns");
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const hostResolvConf = await readFile(resolvConfPath, "utf8");
    await using opened = new AsyncDisposableStack();
    const host = opened.use(
      await HostNetwork.open({ instance, hostResolvConf, serverHttp, blockedNetworks }),
    );
    const chains = await networkCommand("nft", ["--json", "list", "chains"]);
    const pool = new NetworkPool(host, directory, options, forwardWarnings(chains, networkNames(instance)));
    opened.use(pool);
    await pool.#fill();
    opened.move();
    return pool;
  }

  /** Leases a network: at once while one is ready, else as soon as one was made. */
  async acquire(options: { signal: AbortSignal; ownPort?: number | undefined }): Promise<NetworkLease> {
    options.signal.throwIfAborted();
    const network = this.#free.pop() ?? (await this.#make());
    await this.#prepare(network, options.ownPort);
    const lease = this.#lease(network, () => this.#giveBack(network));
    if (options.signal.aborted) {
      await lease[Symbol.asyncDispose]();
      options.signal.throwIfAborted();
    }
    this.#refillLater();
    return lease;
  }

  /** Leases a network for the steps of a build, which have other user ids than containers: made for it, and removed after it. */
  async acquireForBuild(options: { signal: AbortSignal }): Promise<NetworkLease> {
    // Without user ids of its own, one network is as good as another.
    if (!this.#userNamespaces) return this.acquire(options);
    options.signal.throwIfAborted();
    const network = await this.#make("build");
    return this.#lease(network, () => this.#remove(network));
  }

  /**
   * Leads containers, from now on, to the server's ports at which web functions are reached. Changes come one after the
   * other; the returned promise is settled when all containers know of this one. When that fails they are led nowhere:
   * containers must start all the same.
   */
  setWebPorts(ports: readonly number[]): Promise<void> {
    return this.#leading.take(async () => {
      if (this.#closed || ports.join() === this.#host.webPorts.join()) return;
      await this.#host.setWebPorts(ports);
      for (const network of this.#networks.keys()) {
        await this.#lead(network).catch(async (error: unknown) => {
          // One that has gone meanwhile needs to know nothing.
          if (!this.#networks.has(network)) return;
          await this.#host.setWebPorts([]);
          throw error;
        });
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#refillTimer);
    const made = await Promise.allSettled(this.#making);
    const late = made.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    for (const network of new Set([...this.#free, ...late])) await network[Symbol.asyncDispose]();
    await Promise.all(this.#leaving);
    await this.#host[Symbol.asyncDispose]();
  }

  async #fill(): Promise<void> {
    while (!this.#closed && this.#free.length < this.#size) {
      const network = await this.#make();
      if (!this.#closed) this.#free.push(network);
    }
  }

  #lease(network: ContainerNetwork, giveBack: () => void): NetworkLease {
    let returned = false;
    let moved = false;
    return {
      path: network.path,
      address: network.address,
      resolvConf: this.#host.resolvConf,
      userNamespace: network.userNamespace,
      moveInto: async (container) => {
        moved = true;
        await network.moveInto(container);
        await this.#lead(network);
      },
      get hasMoved() {
        return network.hasMoved;
      },
      [Symbol.asyncDispose]: async () => {
        if (returned) return;
        returned = true;
        if (moved) this.#remove(network);
        else giveBack();
      },
    };
  }

  /** Adds a network, or one that another container is to have. It is gone when this fails. */
  async #prepare(network: ContainerNetwork, ownPort?: number): Promise<void> {
    this.#networks.set(network, ownPort);
    try {
      await this.#lead(network);
    } catch (error) {
      this.#remove(network);
      throw error;
    }
  }

  async #lead(network: ContainerNetwork): Promise<void> {
    const ownPort = this.#networks.get(network);
    await network.lead(this.#host.webPorts.filter((port) => port !== ownPort));
  }

  async #make(ids?: IdRangeKind): Promise<ContainerNetwork> {
    const making = ContainerNetwork.create(this.#host, this.#directory, this.#userNamespaces, ids);
    this.#making.add(making);
    making.finally(() => this.#making.delete(making)).catch(() => undefined);
    const network = await making;
    await this.#prepare(network);
    return network;
  }

  #giveBack(network: ContainerNetwork): void {
    if (!this.#closed && this.#free.length < this.#size) {
      this.#networks.set(network, undefined);
      this.#free.push(network);
      return;
    }
    this.#remove(network);
  }

  #remove(network: ContainerNetwork): void {
    this.#networks.delete(network);
    const leaving = network[Symbol.asyncDispose]();
    this.#leaving.add(leaving);
    leaving.finally(() => this.#leaving.delete(leaving)).catch(() => undefined);
  }

  // Not while containers start: making networks would take the processor from them.
  #refillLater(): void {
    clearTimeout(this.#refillTimer);
    if (this.#closed) return;
    // A failure shows again, to somebody who waits, when a network is made on demand.
    this.#refillTimer = setTimeout(() => void this.#fill().catch(() => undefined), refillDelayMs);
    this.#refillTimer.unref();
  }
}
