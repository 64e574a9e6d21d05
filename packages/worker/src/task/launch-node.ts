import { inContainer } from "./platform-environment.ts";
import type { Launcher } from "./launcher.ts";

/** TypeScript functions run in our guest. */
export const launchNode: Launcher = (_request, { homeLayer, guestLayer }) => ({
  layers: [homeLayer, guestLayer],
  args: [inContainer.node, inContainer.guest],
  env: {},
  stdinOpen: false,
  tellsPhases: true,
  endsBySignal: "always",
  officialVolumes: false,
});
