import { AppError } from "@dorian/base/app-error";
import type { Logger } from "pino";
import type { WorkerDirectories } from "../machine/worker-directories.ts";
import { whyNoUserNamespaces } from "./probe-user-namespaces.ts";
import { UserNamespaces } from "./user-namespaces.ts";

/** Whether containers have user ids of their own: `auto` where this machine can do it. */
export type UserNamespaceMode = "auto" | "on" | "off";

/**
 * Undefined where containers share the host's ids.
 *
 * @throws AppError USER_NAMESPACES_UNAVAILABLE when they must not
 */
export async function openUserNamespaces(
  mode: UserNamespaceMode,
  options: { directories: WorkerDirectories; dataDirectory: string; logger: Logger },
): Promise<UserNamespaces | undefined> {
  if (mode === "off") return undefined;
  const { directories, dataDirectory, logger } = options;
  const reason = await whyNoUserNamespaces(directories.scratch);
  if (reason === undefined) {
    const { instance, runtime: runtimeDirectory } = directories;
    const namespaces = new UserNamespaces({ instance, runtimeDirectory, dataDirectory });
    namespaces.prepare();
    return namespaces;
  }
  if (mode === "on") {
    throw new AppError(
      "USER_NAMESPACES_UNAVAILABLE",
      `Containers cannot have user ids of their own: ${reason}.`,
      {
        remedy: "`dorian doctor` says what they need; --user-namespaces off starts containers without them.",
      },
    );
  }
  logger.warn(`Root in containers is root of this machine, held back only by what it may do: ${reason}.`);
  return undefined;
}
