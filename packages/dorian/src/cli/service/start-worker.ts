import { untilAborted } from "@dorian/base/or-aborted";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { GuestService } from "@dorian/protocol/guest";
import { smallAnswerBytes } from "@dorian/protocol/http2/limits";
import { ModalClient } from "@dorian/protocol/modal";
import { WorkerService } from "@dorian/protocol/worker";
import { openWorker, type WorkerOptions } from "@dorian/worker/compose";

import { guestDirectory } from "./guest-bundle.ts";
import { setUpProcess } from "./service-setup.ts";
import type { RunningService, ServiceSettings } from "../../process/running-service.ts";
import type { DiskSettings } from "./disk-settings.ts";
import type { WorkerLimits } from "./worker-limits.ts";

/** Where a worker finds its control plane. */
export interface WorkerServer {
  /** `http://127.0.0.1:7070`, or `unix:///path/to/socket`. */
  url: string;
  /** File of an authority to trust when the server speaks TLS. */
  authority: string | undefined;
  /** Host under which this machine reaches what the server serves by HTTP. */
  httpHost: string;
  workerToken: string;
}

/** Milliseconds for which calls of containers wait for a server that restarts: many clients give up much sooner. */
const restartPatienceMs = 120_000;

/** Milliseconds that containers have for their exit hooks and last commits when the worker stops. */
const exitMs = 30_000;

/** Starts a worker that has joined its server. Disposing it stops every container at once. */
export async function startWorker(
  settings: ServiceSettings & WorkerLimits & DiskSettings & { server: WorkerServer; signal: AbortSignal },
): Promise<RunningService> {
  const { dataDirectory, version, logger, simulateGpus, machine, userNamespaces, runtimePolicy, signal } =
    settings;
  const { graceSecs } = settings;
  setUpProcess();
  await using starting = new AsyncDisposableStack();
  const server = connectWorker(settings.server, starting);
  const worker = starting.use(
    await openWorker({
      dataDirectory,
      server,
      guestDirectory: await guestDirectory(process.env),
      npmDirectory: dirname(createRequire(import.meta.url).resolve("npm/package.json")),
      machine,
      simulateGpus,
      userNamespaces,
      runtimePolicy,
      reserveDiskBytes: settings.reserveDiskBytes,
      version,
      logger,
      signal,
    }),
  );
  const resources = starting.move();
  return {
    async drain({ signal }) {
      const leaving = worker.leave({ workMs: graceSecs * 1000, exitMs, signal });
      await untilAborted(leaving, signal);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function connectWorker(server: WorkerServer, resources: AsyncDisposableStack): WorkerOptions["server"] {
  const { url, authority } = server;
  const metadata = { "dorian-worker-token": server.workerToken };
  const connection = resources.use(new Connection({ url, authority, metadata }));
  return {
    host: server.httpHost,
    worker: createClient(WorkerService, connection),
    // Each has a connection of its own: a task that fills it with calls keeps no other one waiting.
    asTask(taskId) {
      const own = new Connection({
        url,
        authority,
        metadata: { ...metadata, "dorian-task-id": taskId },
        retryUnavailableMs: restartPatienceMs,
        // The rest of a large answer stays in the server until its container has room for it.
        streamWindow: smallAnswerBytes,
      });
      // While the container starts there is time for it.
      own.open();
      return {
        modal: createClient(ModalClient, own),
        guest: createClient(GuestService, own),
        [Symbol.dispose]: () => own[Symbol.dispose](),
      };
    },
  };
}
