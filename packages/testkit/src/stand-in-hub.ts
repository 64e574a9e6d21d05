import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { RemoteHost } from "./remote-host.ts";

export interface HubRequest {
  method: string;
  path: string;
}

/** A model hub on a host of its own. */
export class StandInHub implements AsyncDisposable {
  /** For HF_ENDPOINT. */
  readonly url: string;
  /** Every request so far. */
  readonly requests: HubRequest[] = [];
  #host: RemoteHost;
  #server: ChildProcess;

  private constructor(host: RemoteHost, server: ChildProcess) {
    this.url = `http://${host.address}`;
    this.#host = host;
    this.#server = server;
  }

  /** Serves the directories `root/<owner>/<name>`. */
  static async start(root: string): Promise<StandInHub> {
    await using failed = new AsyncDisposableStack();
    const host = failed.use(await RemoteHost.open());
    const program = join(import.meta.dirname, "stand-in-hub-server.ts");
    const [ip, ...args] = host.within([process.execPath, program, root, host.address, "80"]);
    const server = spawn(ip, args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: server.stdout });
    const [first] = (await once(lines, "line")) as [string];
    if (first !== "ready") throw new Error(`The stand-in hub did not start: ${first}`);
    const hub = new StandInHub(host, server);
    lines.on("line", (line) => hub.requests.push(JSON.parse(line) as HubRequest));
    failed.move();
    return hub;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#server, "exit");
    this.#server.kill("SIGKILL");
    await exited;
    await this.#host[Symbol.asyncDispose]();
  }
}
