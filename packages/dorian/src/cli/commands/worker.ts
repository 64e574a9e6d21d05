import { secureDataDirectory } from "../../process/data-directory.ts";
import { DataLock } from "../../process/data-lock.ts";
import {
  processOptions,
  readWorkerLimits,
  requireRoot,
  workerOptions,
} from "../../process/service-options.ts";
import { serviceSettings } from "../../process/service-setup.ts";
import { serveUntilStopped } from "../../process/serve-until-stopped.ts";
import { startWorker } from "../../process/start-worker.ts";
import { workerCredentials } from "../../process/worker-credentials.ts";
import { defineCommand } from "../command.ts";

export const command = defineCommand<void>({
  options: [
    {
      name: "server",
      value: "url",
      description: "Server to join (or set MODAL_SERVER_URL; else the one in the data directory)",
    },
    ...workerOptions,
    ...processOptions,
  ],
  notes: ["The data directory must be the server's own: layers are read from it as files."],

  async run(input, context) {
    const { config, signal } = context;
    const limits = readWorkerLimits(input);
    requireRoot();
    const { url, workerToken } = await workerCredentials(config, process.env.DORIAN_WORKER_TOKEN);
    secureDataDirectory(config.dataDirectory);
    using _lock = DataLock.acquire(config.dataDirectory, "worker");
    const settings = serviceSettings(input, context);
    await using worker = await startWorker({
      ...settings,
      ...limits,
      server: { kind: "remote", url, workerToken },
    });
    signal.throwIfAborted();
    await serveUntilStopped({
      services: [worker],
      readiness: { dataDirectory: config.dataDirectory, pid: process.pid },
      readyLine: `Worker is ready. It serves ${url} with data in ${config.dataDirectory}.`,
      input,
      context,
      logger: settings.logger,
    });
  },

  render() {},
});
