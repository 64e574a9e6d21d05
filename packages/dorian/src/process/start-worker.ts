import { createRequire } from "node:module";
import { dirname } from "node:path";
import { Connection, createClient } from "@dorian/protocol/grpc-client";
import { createLocalClient } from "@dorian/protocol/local-client";
import { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { WorkerService } from "@dorian/protocol/worker";
import { createWorker, type WorkerOptions } from "@dorian/worker/compose";
import { setOomScore } from "@dorian/linux/oom-score";
import { guestBundlePath } from "./guest-bundle.ts";
import { serviceOomScore } from "./service-setup.ts";
import type { RunningService, ServiceSettings } from "./running-service.ts";
import type { WorkerLimits } from "./service-options.ts";

/** Where a worker finds its control plane. */
export type WorkerServer =
  | {
      kind: "local";
      host: string;
      modal: ServiceHandlers<typeof ModalClient>;
      worker: ServiceHandlers<typeof WorkerService>;
    }
  | { kind: "remote"; url: string; workerToken: string };

/** Milliseconds for which calls of containers wait for a server that restarts: many clients give up much sooner. */
const restartPatienceMs = 120_000;

/** Milliseconds that containers have for their exit hooks and last commits when the worker stops. */
const graceMs = 30_000;

/** Starts a worker that has joined its server. Disposing it stops every container at once. */
export async function startWorker(
  settings: ServiceSettings & WorkerLimits & { server: WorkerServer },
): Promise<RunningService> {
  const { dataDirectory, version, logger, simulateGpus, capacity } = settings;
  setOomScore(serviceOomScore);
  await using starting = new AsyncDisposableStack();
  const server = connectWorker(settings.server, starting);
  const worker = starting.use(
    await createWorker({
      dataDirectory,
      server,
      guestBundlePath: await guestBundlePath(process.env),
      npmDirectory: dirname(createRequire(import.meta.url).resolve("npm/package.json")),
      capacity,
      simulateGpus,
      version,
      logger,
    }),
  );
  const resources = starting.move();
  return {
    async drain({ signal }) {
      const draining = worker.drain({ graceMs });
      const forced = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await Promise.race([draining, forced]);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function connectWorker(server: WorkerServer, resources: AsyncDisposableStack): WorkerOptions["server"] {
  if (server.kind === "local") {
    return {
      host: server.host,
      worker: createLocalClient(WorkerService, server.worker, { kind: "worker" }),
      asTask: (taskId) => createLocalClient(ModalClient, server.modal, { kind: "task", taskId }),
    };
  }
  const connection = resources.use(
    new Connection({ url: server.url, metadata: { "dorian-worker-token": server.workerToken } }),
  );
  return {
    host: new URL(server.url).hostname.replace(/^\[(.*)\]$/, "$1"),
    worker: createClient(WorkerService, connection),
    asTask: (taskId) => {
      const asTask = connection.with({ "dorian-task-id": taskId });
      asTask.retryUnavailableMs = restartPatienceMs;
      return createClient(ModalClient, asTask);
    },
  };
}
