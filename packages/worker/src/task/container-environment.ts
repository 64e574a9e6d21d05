import { AppError } from "@dorian/base/app-error";
import { readBelow } from "@dorian/linux/open-below";
import { taskHttpHost } from "@dorian/protocol/task-http";
import type { StartTask } from "@dorian/protocol/worker";

/** Where a task finds its own things, inside the container. */
export const inContainer = {
  directory: "/run/dorian",
  socket: "/run/dorian/task.sock",
  arguments: "/run/dorian/arguments",
  guest: "/usr/lib/dorian/guest.mjs",
  node: "/usr/local/bin/node",
} as const;

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Environment of a task's container. What the platform sets wins over secrets, and secrets over the image. */
export function containerEnvironment(
  request: StartTask,
  operator: Record<string, string>,
  home: string,
): Record<string, string> {
  const chosen: Record<string, string> = { ...operator, ...request.config?.env, ...request.secretEnv };
  return {
    PATH: defaultPath,
    HOME: home,
    ...chosen,
    NO_PROXY: withoutProxy(chosen["NO_PROXY"]),
    no_proxy: withoutProxy(chosen["no_proxy"]),
    MODAL_IS_REMOTE: "1",
    MODAL_TASK_ID: request.taskId,
    MODAL_SERVER_URL: `unix://${inContainer.socket}`,
    MODAL_CONTAINER_ARGUMENTS_PATH: inContainer.arguments,
    MODAL_IMAGE_ID: request.arguments?.functionDef?.imageId ?? "",
    MODAL_ENVIRONMENT: request.arguments?.environmentName ?? "",
  };
}

function withoutProxy(others: string | undefined): string {
  return others ? `${others},${taskHttpHost}` : taskHttpHost;
}

/** Far more than lists of users have; an image may say that there are any number. */
export const maxUserFileBytes = 4 * 1024 * 1024;

export interface ContainerUser {
  uid: number;
  gid: number;
  home: string;
}

/** Who an image's USER is: numbers, or names looked up in the root file system. */
export async function containerUser(rootPath: string, user: string): Promise<ContainerUser> {
  const [name = "", group] = user.split(":");
  if (name === "" || name === "root") return { uid: 0, gid: 0, home: "/root" };
  const entry = /^\d+$/.test(name) ? undefined : await lookUp(rootPath, "/etc/passwd", name);
  const uid = entry ? Number(entry[2]) : Number(name);
  const home = entry?.[5] || "/";
  if (group === undefined) return { uid, gid: entry ? Number(entry[3]) : 0, home };
  const groupEntry = /^\d+$/.test(group) ? undefined : await lookUp(rootPath, "/etc/group", group);
  return { uid, gid: groupEntry ? Number(groupEntry[2]) : Number(group), home };
}

async function lookUp(rootPath: string, file: string, name: string): Promise<string[]> {
  const text = (await readBelow(rootPath, file, { maxBytes: maxUserFileBytes })) ?? "";
  const line = text
    .toString()
    .split("\n")
    .find((candidate) => candidate.startsWith(`${name}:`));
  if (line !== undefined) return line.split(":");
  throw new AppError("IMAGE_USER_UNKNOWN", `The image's user "${name}" is not in its ${file}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Create the user in an earlier step of the image, or name it by number.",
  });
}
