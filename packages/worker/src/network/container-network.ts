import { AppError } from "@dorian/base/app-error";
import { Turns } from "@dorian/base/turns";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "@dorian/linux/remove-tree";
import { bindMount, unmount } from "@dorian/linux/mount";
import {
  createNetworkNamespace,
  inNetworkNamespace,
  mountNetworkNamespace,
} from "@dorian/linux/network-namespace";
import type { IdRangeKind } from "../user-namespace/id-ranges.ts";
import type { UserNamespace, UserNamespaces } from "../user-namespace/user-namespaces.ts";
import type { HostNetwork } from "./host-network.ts";
import { loopbackRules } from "./loopback-rules.ts";
import { networkCommand } from "./network-command.ts";
import { linkName } from "./network-names.ts";
import { removeLink } from "./remove-network.ts";

/** A network namespace with an eth0 that is plugged into the host's bridge. */
export class ContainerNetwork implements AsyncDisposable {
  readonly path: string;
  readonly address: string;
  /** That it belongs to. Undefined: the host's. */
  readonly userNamespace: UserNamespace | undefined;
  /** Ports on loopback that lead to web functions. */
  #led: readonly number[] = [];
  /** Changes of them come one after the other. */
  #leading = new Turns();
  #route: { address: string; gateway: string };
  #hasMoved = false;
  #resources: AsyncDisposableStack;

  private constructor(
    { path, ...route }: NetworkPlace,
    userNamespace: UserNamespace | undefined,
    resources: AsyncDisposableStack,
  ) {
    this.path = path;
    this.address = route.address.replace(/\/.*/, "");
    this.#route = route;
    this.userNamespace = userNamespace;
    this.#resources = resources;
  }

  static async create(
    host: HostNetwork,
    directory: string,
    userNamespaces?: UserNamespaces,
    ids: IdRangeKind = "container",
  ): Promise<ContainerNetwork> {
    await using resources = new AsyncDisposableStack();
    const { index, address } = host.reserve();
    resources.defer(() => host.release(index));
    const link = linkName(host.instance, index);
    const path = join(directory, String(index));

    resources.defer(async () => {
      unmount(path);
      await removeTree(path);
    });
    const userNamespace = userNamespaces && resources.use(await userNamespaces.create(path, ids));
    if (userNamespace) inNetworkNamespace(path, setSysctls);
    else createNetworkNamespace(path, setSysctls);
    resources.defer(() => removeLink(link));
    await networkCommand(
      "ip",
      ["-batch", "-"],
      [
        `link add ${link} mtu ${host.mtu} type veth peer name eth0 mtu ${host.mtu} netns ${path}`,
        `link set ${link} master ${host.bridge}`,
        // Ports that are isolated exchange frames with the bridge alone, not with each other.
        `link set ${link} type bridge_slave isolated on`,
        `link set ${link} up`,
      ].join("\n"),
    );
    const network = { path, address, gateway: host.gateway };
    await setAddress(network);
    return new ContainerNetwork(network, userNamespace, resources.move());
  }

  /** It is no more where {@link create} made it. */
  get hasMoved(): boolean {
    return this.#hasMoved;
  }

  /**
   * Moves the way out into the network namespace of a process, which has nothing but a loopback interface: that of a container which
   * was brought back. The namespace that it leaves is gone.
   *
   * @throws AppError CONTAINER_NOT_RUNNING when the process has ended
   */
  async moveInto(container: NetworkUser): Promise<void> {
    await this.#leading.take(async () => {
      const next = `${this.path}.next`;
      try {
        mountNetworkNamespace(container.pid, next);
        // Looked at afterwards: by then its process id may have been another's.
        if (!(await container.pids()).includes(container.pid)) throw containerEnded();
        inNetworkNamespace(next, setSysctls);
        await inNetworkNamespace(this.path, () =>
          networkCommand("ip", ["link", "set", "eth0", "netns", next]),
        );
        this.#hasMoved = true;
        unmount(this.path);
        bindMount(next, this.path);
      } finally {
        unmount(next);
        await removeTree(next);
      }
      this.#led = [];
      await setAddress({ ...this.#route, path: this.path });
    });
  }

  /** Leads connections to loopback at these ports, and no others, to web functions. */
  async lead(ports: readonly number[]): Promise<void> {
    await this.#leading.take(async () => {
      if (ports.join() === this.#led.join()) return;
      await inNetworkNamespace(this.path, () => {
        // What has a loopback address may leave for the host, and who wants any port gets none of these.
        writeFileSync("/proc/sys/net/ipv4/conf/eth0/route_localnet", "1");
        writeFileSync("/proc/sys/net/ipv4/ip_local_reserved_ports", `${ports.join(",")}\n`);
        return networkCommand("nft", ["-f", "-"], loopbackRules(ports));
      });
      this.#led = ports;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** A container that a way out is moved into. */
export interface NetworkUser {
  /** Of its first process. */
  pid: number;
  pids(): Promise<number[]>;
}

interface NetworkPlace {
  /** Of its namespace. */
  path: string;
  /** With the prefix length. */
  address: string;
  gateway: string;
}

function containerEnded(): AppError {
  return new AppError("CONTAINER_NOT_RUNNING", "The container ended before it had its network.", {
    remedy: "The container starts without its snapshot.",
  });
}

async function setAddress({ path, address, gateway }: NetworkPlace): Promise<void> {
  const lines = [
    "link set lo up",
    `address add ${address} dev eth0`,
    "link set eth0 up",
    `route add default via ${gateway}`,
  ];
  await inNetworkNamespace(path, () => networkCommand("ip", ["-batch", "-"], lines.join("\n")));
}

function setSysctls(): void {
  const settings = {
    // eth0 does not exist yet and takes the default; ::1 stays.
    "ipv6/conf/default/disable_ipv6": "1",
    // Ping and low ports for every user: what needs NET_RAW or root elsewhere is harmless in a namespace of one's own.
    "ipv4/ping_group_range": "0 2147483647",
    "ipv4/ip_unprivileged_port_start": "0",
  };
  for (const [name, value] of Object.entries(settings)) {
    const path = `/proc/sys/net/${name}`;
    if (existsSync(path)) writeFileSync(path, value);
  }
}
