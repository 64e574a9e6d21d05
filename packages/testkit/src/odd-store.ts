import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { RemoteHost } from "./remote-host.ts";

/** `silent`: takes requests and answers none. `hostile`: has objects whose keys are meant to lead somewhere else. */
export type Oddity = "silent" | "hostile";

/** An object store, on a host of its own, that does what no honest one does. */
export class OddStore implements AsyncDisposable {
  readonly endpointUrl: string;
  /** Resolves with the first request. */
  readonly asked: Promise<void>;
  #host: RemoteHost;
  #server: ChildProcess;

  private constructor(host: RemoteHost, server: ChildProcess, asked: Promise<void>) {
    this.endpointUrl = `http://${host.address}`;
    this.asked = asked;
    this.#host = host;
    this.#server = server;
  }

  static async start(oddity: Oddity): Promise<OddStore> {
    await using failed = new AsyncDisposableStack();
    const host = failed.use(await RemoteHost.open());
    const program = join(import.meta.dirname, "odd-store-server.ts");
    const [ip, ...args] = host.within([process.execPath, program, host.address, oddity]);
    const server = spawn(ip, args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: server.stdout });
    const asked = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<void>();
    lines.on("line", (line) => (line === "ready" ? ready : asked).resolve());
    await ready.promise;
    failed.move();
    return new OddStore(host, server, asked.promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#server, "exit");
    this.#server.kill("SIGKILL");
    await exited;
    await this.#host[Symbol.asyncDispose]();
  }
}
