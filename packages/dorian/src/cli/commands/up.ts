import { settings } from "../config/config.ts";
import { defineCommand } from "../command.ts";
import { nextStep } from "../output/next-step.ts";
import { makeDataDirectory, sameDirectory } from "../../process/data-directory.ts";
import { serveUntilStopped } from "../service/serve-until-stopped.ts";
import { readGrace } from "../service/grace.ts";
import {
  commandLineOf,
  readyOption,
  requireRoot,
  serverOptions,
  upOptions,
  workerOptions,
} from "../service/service-options.ts";
import { readUpSettings } from "../service/up-settings.ts";
import { serviceSettings, setUpProcess } from "../service/service-setup.ts";
import { Supervisor } from "../../process/supervisor.ts";

export const command = defineCommand<void>({
  options: [...upOptions, readyOption],
  notes: [
    "Ctrl-C stops it: running inputs get their grace to end, containers then 30 s for their exit hooks. A second Ctrl-C kills them.",
  ],

  async run(input, context) {
    const { config, signal } = context;
    // Each process reads its own; a mistake is told once, and before anything starts.
    const { listen, serverStuckMs } = readUpSettings(input);
    requireRoot();
    const { dataDirectory } = config;
    makeDataDirectory(dataDirectory);
    setUpProcess();
    const { logger } = serviceSettings(input, context);
    const data = `--data=${dataDirectory}`;
    const { supervisor, readiness } = await Supervisor.start({
      serverArgs: (url) => [
        ...commandLineOf(serverOptions, input),
        data,
        ...(url === undefined ? [] : [`--listen=${sameAddress(listen, url)}`]),
      ],
      ...(serverStuckMs === undefined ? {} : { serverStuckMs }),
      workerArgs: () => [...commandLineOf(workerOptions, input), data],
      env: ownEnvironment(process.env),
      obstacle: sameDirectory(dataDirectory),
      logger,
      signal,
    });
    await using _ = supervisor;
    await serveUntilStopped({
      services: [supervisor],
      readiness: { ...readiness, pid: process.pid },
      readyLine: `Dorian is ready at ${readiness.url}. ${nextStep(config)}`,
      stopping: readGrace(input).stopping,
      input,
      context,
      logger,
    });
  },

  render() {},
});

/** "Any port" has become one: a server that is started again listens where clients know it. */
function sameAddress(listen: string, url: string): string {
  return listen.endsWith(":0") ? `${listen.slice(0, -":0".length)}:${new URL(url).port}` : listen;
}

/** Without what leads a client or a worker to another server: both processes are on this data directory. */
function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { DORIAN_WORKER_TOKEN: _workerToken, ...own } = env;
  for (const { env: name } of [settings.server, settings.tokenId, settings.tokenSecret]) delete own[name];
  return own;
}
