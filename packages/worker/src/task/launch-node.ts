import { inContainer } from "./platform-environment.ts";
import type { Launcher } from "./launcher.ts";

/** Gives new objects so many mebibytes that nothing need be collected before the first call: in V8's usual one it is done twice. */
const youngGeneration = "--min-semi-space-size=4";

/** TypeScript functions run in our guest. */
export const launchNode: Launcher = ({ config }, { homeLayer, guestLayer }) => ({
  layers: [homeLayer, guestLayer],
  // An image's entry point is expected to run what follows it.
  args: [...(config?.entrypoint ?? []), inContainer.node, youngGeneration, inContainer.guest],
  env: {},
  stdinOpen: false,
  tellsPhases: true,
  endsBySignal: "always",
  officialVolumes: false,
});
