import { clone, toBinary } from "@bufbuild/protobuf";
import { must } from "@dorian/base/must";
import { ContainerArgumentsSchema, type ContainerArguments } from "@dorian/protocol/modal";
import type { StartTask } from "@dorian/protocol/worker";
import { isOlder } from "@dorian/base/client-version";
import { inContainer } from "./platform-environment.ts";
import type { Launcher } from "./launcher.ts";

/** Where the user's sources and the official client are, as mounts put them. */
const sourcePath = "/root:/pkg";

/** Python functions run in the official client's own container process; both come with the function's mounts. */
export const launchPython: Launcher = (request, { homeLayer, guestLayer }) => {
  const { config } = request;
  const path = config?.env["PYTHONPATH"];
  return {
    layers: [homeLayer, guestLayer],
    args: [
      // An image's entry point is expected to run what follows it.
      ...(config?.entrypoint ?? []),
      "python",
      inContainer.pythonStart,
      "modal._container_entrypoint",
      ...argumentsOnCommandLine(request),
    ],
    env: {
      PYTHONPATH: path ? `${sourcePath}:${path}` : sourcePath,
      // Otherwise lines would wait in the process until there are many of them.
      PYTHONUNBUFFERED: "1",
      // Of old clients, which identify a container by its secret. Here its socket does.
      MODAL_TASK_SECRET: request.taskId,
      MODAL_FUNCTION_RUNTIME: "runc",
    },
    stdinOpen: false,
    tellsPhases: false,
    endsBySignal: "once ready",
    officialVolumes: true,
  };
};

/** Old clients read their arguments from the command line, where one may have 128 KiB: no more than they need. */
function argumentsOnCommandLine(request: StartTask): string[] {
  const given = must(request.arguments, "the task's arguments");
  const version = given.functionDef?.clientVersion ?? "";
  if (!isOlder(version, "0.73")) return [];
  const brief: ContainerArguments = clone(ContainerArgumentsSchema, given);
  if (brief.functionDef) {
    // They ask for these with FunctionGetSerialized.
    brief.functionDef.functionSerialized = new Uint8Array();
    brief.functionDef.classSerialized = new Uint8Array();
  }
  // They ask for the app's objects with AppGetObjects.
  if (isOlder(version, "0.70")) delete brief.appLayout;
  return [Buffer.from(toBinary(ContainerArgumentsSchema, brief)).toString("base64")];
}
