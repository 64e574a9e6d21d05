import { giveBackMemory } from "../../process/give-back-memory.ts";
import { makeDataDirectory } from "../../process/data-directory.ts";
import { serveUntilStopped } from "../service/serve-until-stopped.ts";
import { readNetworkSettings } from "../service/network-settings.ts";
import { readDiskSettings, readHistorySettings } from "../service/disk-settings.ts";
import { readyOption, serverOptions } from "../service/service-options.ts";
import { readWebSettings } from "../service/web-settings.ts";
import { serviceSettings } from "../service/service-setup.ts";
import { startControlPlane } from "../service/start-control-plane.ts";
import { takeDataLock } from "../service/take-data-lock.ts";
import { storing } from "@dorian/storage/storage-error";
import { defineCommand } from "../command.ts";

export const command = defineCommand<void>({
  options: [...serverOptions, readyOption],
  notes: [
    "Functions run once a worker has joined: `dorian worker` with the same data directory.",
    "Nothing starts it again when it ends. Until it is back Dorian's own clients wait for a minute, official ones raise ConnectionError and web clients are refused; under `dorian up` all of them wait.",
  ],

  async run(input, context) {
    const { config, signal, supervisor } = context;
    const network = readNetworkSettings(input);
    const web = readWebSettings(input);
    const history = readHistorySettings(input);
    const disk = readDiskSettings(input);
    makeDataDirectory(config.dataDirectory);
    using _lock = await storing(config.dataDirectory, () =>
      takeDataLock(config.dataDirectory, "server", context),
    );
    using _memory = giveBackMemory();
    const settings = serviceSettings(input, context, "server");
    await using controlPlane = await storing(config.dataDirectory, () =>
      startControlPlane({
        ...settings,
        ...network,
        ...history,
        ...disk,
        web,
        sockets: supervisor?.sockets,
        failFast: input.flag("fail-fast"),
      }),
    );
    signal.throwIfAborted();
    await serveUntilStopped({
      services: [controlPlane.web, ...(supervisor ? [supervisor.others] : []), controlPlane],
      readiness: { url: controlPlane.url, dataDirectory: config.dataDirectory, pid: process.pid },
      readyLine: `Server is ready at ${controlPlane.url}. Next: dorian worker --data ${config.dataDirectory}`,
      stopping: { words: "requests have 20 s to be answered; a second Ctrl-C drops them", workMs: 0 },
      input,
      context,
      logger: settings.logger,
    });
  },

  render() {},
});
