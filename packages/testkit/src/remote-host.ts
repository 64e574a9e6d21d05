import { execFile } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * A host of its own for a server: a network namespace with an address that this machine and its containers reach as they reach any
 * host outside. Whoever runs something in it ends that first.
 */
export class RemoteHost implements AsyncDisposable {
  readonly address: string;
  readonly #namespace: string;

  private constructor(address: string, namespace: string) {
    this.address = address;
    this.#namespace = namespace;
  }

  static async open(): Promise<RemoteHost> {
    const namespace = `host-${randomBytes(3).toString("hex")}`;
    // Addresses set apart for tests of networks, four for each host.
    const prefix = `198.18.${randomInt(256)}.${randomInt(63) * 4}`.split(".");
    const address = (offset: number) => [...prefix.slice(0, 3), Number(prefix[3]) + offset].join(".");
    const ip = (args: string) => execute("ip", args.split(" "));
    await using failed = new AsyncDisposableStack();
    await ip(`netns add ${namespace}`);
    failed.defer(async () => void (await ip(`netns del ${namespace}`)));
    await ip(`link add ${namespace} type veth peer name eth0 netns ${namespace}`);
    await ip(`addr add ${address(1)}/30 dev ${namespace}`);
    await ip(`link set ${namespace} up`);
    await ip(`-n ${namespace} addr add ${address(2)}/30 dev eth0`);
    await ip(`-n ${namespace} link set eth0 up`);
    await ip(`-n ${namespace} link set lo up`);
    await ip(`-n ${namespace} route add default via ${address(1)}`);
    failed.move();
    return new RemoteHost(address(2), namespace);
  }

  /** A command line that runs another in it. */
  within(command: readonly string[]): [string, ...string[]] {
    return ["ip", "netns", "exec", this.#namespace, ...command];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await execute("ip", ["netns", "del", this.#namespace]);
  }
}
