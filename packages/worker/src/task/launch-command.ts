import type { Launcher } from "./launcher.ts";

/** A command of a user's in place of a function. */
export const launchCommand: Launcher = (request, { homeLayer }) => ({
  layers: [homeLayer],
  args: request.command,
  env: {},
  stdinOpen: true,
  tellsPhases: false,
  endsBySignal: "never",
  officialVolumes: true,
});
