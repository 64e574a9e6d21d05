import { giveBackMemory } from "../../process/give-back-memory.ts";
import { secureDataDirectory } from "../../process/data-directory.ts";
import { readDiskSettings } from "../service/disk-settings.ts";
import { readGrace } from "../service/grace.ts";
import { readyOption, requireRoot, workerOptions } from "../service/service-options.ts";
import { readWorkerLimits } from "../service/worker-limits.ts";
import { serviceSettings } from "../service/service-setup.ts";
import { serveUntilStopped } from "../service/serve-until-stopped.ts";
import { startWorker } from "../service/start-worker.ts";
import { takeDataLock } from "../service/take-data-lock.ts";
import { workerCredentials } from "../service/worker-credentials.ts";
import { storing } from "@dorian/storage/storage-error";
import { defineCommand } from "../command.ts";
import { serverToJoin } from "../config/config.ts";

export const command = defineCommand<void>({
  options: [
    {
      name: "server",
      value: "url",
      description: "Server to join (or set MODAL_SERVER_URL; else the one in the data directory)",
    },
    ...workerOptions,
    readyOption,
  ],
  notes: ["The data directory must be the server's own: layers are read from it as files."],

  async run(input, context) {
    const { config, signal, supervisor } = context;
    const limits = readWorkerLimits(input);
    const disk = readDiskSettings(input);
    requireRoot();
    // Beside a server that starts it loads meanwhile, and begins when that one is there.
    await supervisor?.turn({ signal });
    const { dataDirectory } = config;
    const joined = { dataDirectory, server: serverToJoin(config) };
    const server = await workerCredentials(joined, process.env.DORIAN_WORKER_TOKEN);
    secureDataDirectory(config.dataDirectory);
    using _lock = await storing(config.dataDirectory, () =>
      takeDataLock(config.dataDirectory, "worker", context),
    );
    using _memory = giveBackMemory();
    const settings = serviceSettings(input, context, "worker");
    await using worker = await storing(config.dataDirectory, () =>
      startWorker({ ...settings, ...limits, ...disk, server, signal }),
    );
    signal.throwIfAborted();
    await serveUntilStopped({
      services: [worker],
      readiness: { dataDirectory: config.dataDirectory, pid: process.pid },
      readyLine: `Worker is ready. It serves ${server.url} with data in ${config.dataDirectory}.`,
      stopping: readGrace(input).stopping,
      input,
      context,
      logger: settings.logger,
    });
  },

  render() {},
});
