import { DorianProcess } from "./dorian-process.ts";

/** Server and worker as two processes on one data directory, so that each can be killed without the other. */
export class SplitDorian implements AsyncDisposable {
  readonly dataDirectory: string;
  /** Stays the same when the server is started again. */
  readonly url: string;
  readonly #workerArgs: string[];
  server: DorianProcess;
  worker: DorianProcess;

  private constructor(server: DorianProcess, worker: DorianProcess, workerArgs: string[]) {
    this.dataDirectory = server.dataDirectory;
    this.url = String(server.ready["url"]);
    this.server = server;
    this.worker = worker;
    this.#workerArgs = workerArgs;
  }

  static async start(options: { dataDirectory: string; workerArgs?: string[] }): Promise<SplitDorian> {
    const { dataDirectory, workerArgs = [] } = options;
    await using starting = new AsyncDisposableStack();
    const server = starting.use(await DorianProcess.start({ dataDirectory, command: "server" }));
    const worker = await DorianProcess.start({ dataDirectory, command: "worker", args: workerArgs });
    starting.move();
    return new SplitDorian(server, worker, workerArgs);
  }

  async startServer(): Promise<void> {
    const args = ["--listen", new URL(this.url).host];
    this.server = await DorianProcess.start({ dataDirectory: this.dataDirectory, command: "server", args });
  }

  async startWorker(): Promise<void> {
    const { dataDirectory } = this;
    this.worker = await DorianProcess.start({ dataDirectory, command: "worker", args: this.#workerArgs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.stop();
    await this.server.stop();
  }
}
