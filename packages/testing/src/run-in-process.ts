import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { steadyClockMs } from "@dorian/base/steady-clock";
import { wallClockMs } from "@dorian/base/wall-clock";
import { AppState } from "@dorian/protocol/modal";
import { deployApp } from "@dorian/publish/deploy/deploy-app";
import { CloudBucketMount, type App, type Volume } from "@dorian/sdk";
import type { AnyFunction } from "@dorian/sdk/any-function";
import type { Registered } from "@dorian/sdk/class/registered";
import { setTransport } from "@dorian/sdk/client/current-transport";
import type { Transport } from "@dorian/sdk/client/transport";
import { MovableClock, type TestClock } from "./clock/test-clock.ts";
import { currentContainer } from "./process/container-context.ts";
import { separateEnvironments } from "./process/container-env.ts";
import { mountFiles } from "./process/mounted-files.ts";
import { TestServer } from "./server/test-server.ts";

/** How apps run in this process. */
export interface InProcessOptions {
  /** What the secrets hold that the app looks up by name: by name, then by key. Default: there are none. */
  secrets?: Record<string, Record<string, string>>;
  /** The moment that the clock shows at the beginning. Default: now. */
  startAt?: Date;
}

/** Apps that run in this process, until it is disposed of. */
export interface InProcessRun extends AsyncDisposable {
  /** The time that limits, retries, schedules and idle containers go by. */
  readonly clock: TestClock;
  /** What containers have written to their logs about errors of the app's code; what the code prints is printed. */
  readonly log: readonly string[];
  /** Where the files of a volume lie, or the objects of a whole bucket: to put some there, or to look at them. It is removed with the run. */
  directory(place: Volume | CloudBucketMount): Promise<string>;
  /** Runs an app's local entrypoint with these arguments; of the first app that was given, where none is named. */
  localEntrypoint(args?: readonly unknown[], app?: App): Promise<unknown>;
}

let running: string | undefined;

/**
 * Runs apps in this process, without containers, images or a server: calls of their functions and methods lead here, `Dict`, `Queue`
 * and `Secret` are in memory and volumes in a temporary directory. Arguments and results go through what they go through on a
 * server, hooks run as they do in a container, and options hold, but for what a machine would have to give: images, GPUs, CPU, memory.
 * Code of a container has `process.env` to itself. One run at a time in a process: dispose of it, best with `await using`.
 *
 * @throws AppError TESTING_RUNS_ALREADY, and what deploying the apps would throw
 * @example
 * const app = new App("shop");
 * const double = app.function({ name: "double", retries: 2 }, async (x: number) => 2 * x);
 * await using run = await runInProcess(app);
 * console.log(await double.remote(4.5));
 */
export async function runInProcess(
  apps: App | readonly [App, ...App[]],
  options: InProcessOptions = {},
): Promise<InProcessRun> {
  const all = "registered" in apps ? [apps] : apps;
  if (running !== undefined) throw runsAlready(running);
  running = all.map(({ name }) => `"${name}"`).join(", ");
  await using opening = new AsyncDisposableStack();
  opening.defer(() => (running = undefined));
  const startMs = options.startAt?.getTime() ?? wallClockMs();
  const clock: MovableClock = opening.use(
    new MovableClock({ startMs, elapsedMs: steadyClockMs, settled: () => server.settled() }),
  );
  const log: string[] = [];
  opening.use(separateEnvironments());
  opening.use(mountFiles());
  // After the containers: their exit hooks still call.
  opening.defer(() => {
    setTransport(undefined);
    for (const app of all) app.hydrate(new Map());
  });
  const secrets = options.secrets ?? {};
  const server: TestServer = opening.use(new TestServer({ clock, secrets, log: (line) => log.push(line) }));
  const transport: Transport = {
    url: "in-process:",
    get modal() {
      return currentContainer()?.modal ?? server.modal;
    },
    get inContainer() {
      return currentContainer() !== undefined;
    },
  };
  setTransport(transport);
  for (const app of all) await bringIn(app, server, transport);
  server.keepSchedules();
  const opened = opening.move();
  return {
    clock,
    log,
    directory: async (place) =>
      place instanceof CloudBucketMount
        ? server.volumes.directoryOfBucket(place.bucketName)
        : server.volumes.directoryOf(await place.resolve(transport)),
    localEntrypoint: async (args = [], app = all[0]) => await entrypointOf(app)(...(args as never[])),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Deploys an app here, as it is deployed to a server, but for its images. */
async function bringIn(app: App, server: TestServer, transport: Transport): Promise<void> {
  const appId = newId("ap");
  server.addApp({ appId, name: app.name, registered: app.registered });
  await deployApp(
    {
      name: app.name,
      registered: app.registered.map(withoutImage),
      hydrate: (functions) => app.hydrate(functions),
    },
    {
      transport,
      appId,
      bundle: { fileName: "app.mjs", content: new Uint8Array() },
      state: AppState.EPHEMERAL,
      onProgress: () => {},
      signal: new AbortController().signal,
    },
  );
}

function withoutImage(item: Registered): Registered {
  const { image: _, ...options } = item.options;
  if (item.kind === "function") return { ...item, options };
  const marks = item.marks.marks.filter(({ kind }) => kind !== "build");
  return { ...item, options, marks: { ...item.marks, marks } };
}

function entrypointOf(app: App): AnyFunction {
  if (app.entrypoint) return app.entrypoint;
  throw new AppError("ENTRYPOINT_MISSING", `App "${app.name}" has no local entrypoint.`, {
    status: "NOT_FOUND",
    remedy: "Give it one with app.localEntrypoint(…), or call its functions.",
  });
}

function runsAlready(names: string): AppError {
  return new AppError("TESTING_RUNS_ALREADY", `${names} runs in this process already.`, {
    status: "FAILED_PRECONDITION",
    remedy: "Dispose of that run first (await using), or give all apps to one: runInProcess([one, other]).",
  });
}
