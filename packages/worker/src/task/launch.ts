import { launchCommand } from "./launch-command.ts";
import { launchNode } from "./launch-node.ts";
import { launchPython } from "./launch-python.ts";
import type { Launcher } from "./launcher.ts";

/** Chooses how a container is launched by what is to run in it: a command, a TypeScript function or a Python one. */
export const launchOf: Launcher = (request, directories) => {
  if (request.command.length > 0) return launchCommand(request, directories);
  const isTypeScript = request.arguments?.functionDef?.nodeEntrypoint !== undefined;
  return (isTypeScript ? launchNode : launchPython)(request, directories);
};
