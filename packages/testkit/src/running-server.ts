import { sdkConnection, type Connection } from "./connection.ts";
import { deployApp } from "./deployed-app.ts";
import { DorianProcess } from "./dorian-process.ts";
import { leftoversOf } from "./leftovers.ts";
import type { ModalVersion } from "./modal-client.ts";
import { seededData } from "./seeded-data.ts";

export interface RunningServerOptions {
  /** Python's clients whose base images are there; those of others are built when they are needed, which takes long. */
  clients?: readonly ModalVersion[];
  /** Sources of apps that are deployed before anything else. */
  apps?: readonly string[];
  /** Options for `dorian up`. */
  args?: string[];
  env?: Record<string, string>;
  /** Command that runs `dorian up`, e.g. in a network namespace. */
  within?: string[];
  /** Node, and the `dorian` it runs, when that is not this checkout's. */
  program?: readonly [node: string, bin: string];
}

export interface OtherProcessesOptions<P> extends Pick<RunningServerOptions, "clients" | "apps"> {
  /** Starts other processes than one `dorian up` on the data directory. */
  start: (dataDirectory: string) => Promise<P>;
}

/** A server and a worker on data of their own that begin with the base images, and the SDK of this process connected to them. */
export interface RunningServer<P = DorianProcess> extends AsyncDisposable {
  dataDirectory: string;
  /** A test that ends these may put others here. */
  processes: P;
  client: Connection;
  /** Stops everything, and fails if anything is left of it on this machine. */
  [Symbol.asyncDispose](): Promise<void>;
}

export async function runningServer<P extends AsyncDisposable>(
  options: OtherProcessesOptions<P>,
): Promise<RunningServer<P>>;
export async function runningServer(options?: RunningServerOptions): Promise<RunningServer>;
export async function runningServer(
  options: RunningServerOptions & Partial<OtherProcessesOptions<AsyncDisposable>> = {},
): Promise<RunningServer<AsyncDisposable>> {
  const { clients, apps = [], start, ...rest } = options;
  await using opening = new AsyncDisposableStack();
  const { path: dataDirectory } = opening.use(await seededData(clients));
  const processes = await (start?.(dataDirectory) ?? DorianProcess.start({ dataDirectory, ...rest }));
  opening.defer(() => expectNothingLeft(dataDirectory));
  const running = { dataDirectory, processes };
  opening.defer(() => running.processes[Symbol.asyncDispose]());
  for (const app of apps) await deployApp(dataDirectory, app);
  const client = opening.use(await sdkConnection(dataDirectory));
  const resources = opening.move();
  return Object.assign(running, { client, [Symbol.asyncDispose]: () => resources.disposeAsync() });
}

async function expectNothingLeft(dataDirectory: string): Promise<void> {
  const left = await leftoversOf(dataDirectory);
  if (left.length > 0) throw new Error(`A server has stopped and left behind:\n${left.join("\n")}`);
}
