import { DataLock } from "../../process/data-lock.ts";
import { makeDataDirectory } from "../../process/data-directory.ts";
import { serveUntilStopped } from "../../process/serve-until-stopped.ts";
import {
  listenOption,
  processOptions,
  readListen,
  readWebSettings,
  readWorkerLimits,
  requireRoot,
  webOptions,
  workerOptions,
} from "../../process/service-options.ts";
import { openAddressWarning, serviceSettings } from "../../process/service-setup.ts";
import { startControlPlane } from "../../process/start-control-plane.ts";
import { startWorker } from "../../process/start-worker.ts";
import { defineCommand } from "../command.ts";
import { nextStep } from "../output/next-step.ts";

export const command = defineCommand<void>({
  options: [listenOption, ...webOptions, ...workerOptions, ...processOptions],
  notes: ["Ctrl-C stops it: containers get 30 s for their exit hooks. A second Ctrl-C kills them."],

  async run(input, context) {
    const { config, signal } = context;
    const listen = readListen(input);
    const web = readWebSettings(input);
    const limits = readWorkerLimits(input);
    requireRoot();
    makeDataDirectory(config.dataDirectory);
    using _serverLock = DataLock.acquire(config.dataDirectory, "server");
    using _workerLock = DataLock.acquire(config.dataDirectory, "worker");
    const settings = serviceSettings(input, context);
    const warning = openAddressWarning(listen);
    if (warning) settings.logger.warn(warning);
    await using controlPlane = await startControlPlane({ ...settings, listen, web });
    const { modal, worker, localHost: host } = controlPlane;
    await using localWorker = await startWorker({
      ...settings,
      ...limits,
      server: { kind: "local", host, modal, worker },
    });
    signal.throwIfAborted();
    await serveUntilStopped({
      services: [controlPlane.web, localWorker, controlPlane],
      readiness: { url: controlPlane.url, dataDirectory: config.dataDirectory, pid: process.pid },
      readyLine: `Dorian is ready at ${controlPlane.url}. ${nextStep(config)}`,
      input,
      context,
      logger: settings.logger,
    });
  },

  render() {},
});
