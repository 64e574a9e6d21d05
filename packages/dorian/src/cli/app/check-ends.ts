import { AppError } from "@dorian/base/app-error";
import { GenericResult_GenericStatus, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

/**
 * Looks whether containers that have ended could put away what they wrote. Why not is in their log.
 *
 * @throws AppError APP_LAST_COMMIT_FAILED
 */
export async function checkEnds(
  modal: Pick<ServiceClient<typeof ModalClient>, "taskGetInfo">,
  taskIds: readonly string[],
): Promise<void> {
  const tasks = await Promise.all(taskIds.map((taskId) => modal.taskGetInfo({ taskId })));
  const failed = tasks.filter(
    ({ info }) => info?.result?.status === GenericResult_GenericStatus.INTERNAL_FAILURE,
  );
  if (failed.length === 0) return;
  throw new AppError(
    "APP_LAST_COMMIT_FAILED",
    `What ${failed.length === 1 ? "a container" : `${failed.length} containers`} wrote to volumes last is lost: see above.`,
    { remedy: "Remove what the log names as the reason, then run the app again." },
  );
}
