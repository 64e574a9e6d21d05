import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const execute = promisify(execFile);

export interface HubRequest {
  method: string;
  path: string;
}

/**
 * A model hub on a host of its own: a network namespace with an address that this machine and its containers reach as they
 * reach any host outside.
 */
export class StandInHub implements AsyncDisposable {
  /** For HF_ENDPOINT. */
  readonly url: string;
  /** Every request so far. */
  readonly requests: HubRequest[] = [];
  #namespace: string;
  #server: ChildProcess;

  private constructor(url: string, namespace: string, server: ChildProcess) {
    this.url = url;
    this.#namespace = namespace;
    this.#server = server;
  }

  /** Serves the directories `root/<owner>/<name>`. */
  static async start(root: string): Promise<StandInHub> {
    const namespace = `hub-${randomBytes(3).toString("hex")}`;
    // Addresses set apart for tests of networks, four for each hub.
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
    const program = join(import.meta.dirname, "stand-in-hub-server.ts");
    const server = spawn(
      "ip",
      ["netns", "exec", namespace, process.execPath, program, root, address(2), "80"],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const lines = createInterface({ input: server.stdout });
    const [first] = (await once(lines, "line")) as [string];
    if (first !== "ready") throw new Error(`The stand-in hub did not start: ${first}`);
    const hub = new StandInHub(`http://${address(2)}`, namespace, server);
    lines.on("line", (line) => hub.requests.push(JSON.parse(line) as HubRequest));
    failed.move();
    return hub;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#server, "exit");
    this.#server.kill("SIGKILL");
    await exited;
    await execute("ip", ["netns", "del", this.#namespace]);
  }
}
