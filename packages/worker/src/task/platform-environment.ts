import { taskHttpHost } from "@dorian/protocol/convention/task-http";
import type { StartTask } from "@dorian/protocol/worker";

/** Where a task finds its own things, inside the container. */
export const inContainer = {
  directory: "/run/dorian",
  socket: "/run/dorian/task.sock",
  arguments: "/run/dorian/arguments",
  ownSignal: "/run/dorian/own-signal",
  restoreState: "/run/dorian/restore-state.json",
  guest: "/usr/lib/dorian/guest.mjs",
  pythonStart: "/usr/lib/dorian/start.py",
  node: "/usr/local/bin/node",
} as const;

/** What the platform sets in a task's container, whatever is `chosen` there by others. */
export function platformEnvironment(
  request: StartTask,
  chosen: Record<string, string>,
): Record<string, string> {
  return {
    NO_PROXY: withoutProxy(chosen["NO_PROXY"]),
    no_proxy: withoutProxy(chosen["no_proxy"]),
    MODAL_IS_REMOTE: "1",
    MODAL_TASK_ID: request.taskId,
    MODAL_SERVER_URL: `unix://${inContainer.socket}`,
    MODAL_CONTAINER_ARGUMENTS_PATH: inContainer.arguments,
    ...(request.takesSnapshot && {
      MODAL_ENABLE_SNAP_RESTORE: "1",
      MODAL_RESTORE_STATE_PATH: inContainer.restoreState,
    }),
    MODAL_IMAGE_ID: request.arguments?.functionDef?.imageId ?? "",
    // Programs that print where they run read these without asking whether they are there.
    MODAL_CLOUD_PROVIDER: "local",
    MODAL_REGION: "local",
    MODAL_ENVIRONMENT: request.arguments?.environmentName ?? "",
  };
}

function withoutProxy(others: string | undefined): string {
  return others ? `${others},${taskHttpHost}` : taskHttpHost;
}
