import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";

/** Does something with files of this machine; its system errors become errors that name the path. */
export async function withLocalFile<T>(
  path: string,
  action: "read" | "written",
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Node's own codes (ERR_…, ABORT_ERR) are no system errors.
    const isSystemError = !AppError.is(error) && /^E[A-Z0-9]+$/.test(errnoOf(error) ?? "");
    throw isSystemError ? localFileError(path, action, error) : error;
  }
}

/** What went wrong with a file of this machine, in words. */
export function localFileError(path: string, action: "read" | "written", cause: unknown): AppError {
  const shown = JSON.stringify(path);
  switch (errnoOf(cause)) {
    case "ENOENT":
      return new AppError(
        "LOCAL_FILE_MISSING",
        `${shown} does not exist, or vanished while it was ${action}.`,
        {
          status: "NOT_FOUND",
          remedy: "Check the path; it is relative to where you run the command.",
          cause,
        },
      );
    case "ENOSPC":
    case "EDQUOT":
      return new AppError("LOCAL_DISK_FULL", `There is no space left on this machine for ${shown}.`, {
        status: "RESOURCE_EXHAUSTED",
        remedy: "Make room, or choose a place on another disk.",
        cause,
      });
    case "EISDIR":
      return new AppError("LOCAL_FILE_INVALID", `${shown} is a directory, not a file.`, {
        status: "INVALID_ARGUMENT",
        remedy: "Name a file.",
        cause,
      });
    default: {
      const code = action === "read" ? "LOCAL_FILE_UNREADABLE" : "LOCAL_FILE_UNWRITABLE";
      return new AppError(code, `${shown} cannot be ${action}: ${messageOf(cause)}.`, {
        remedy: "Check its permissions, and those of the directory it is in.",
        cause,
      });
    }
  }
}

export function localFileChanged(path: string): AppError {
  return new AppError("LOCAL_FILE_CHANGED", `${JSON.stringify(path)} changed while it was uploaded.`, {
    status: "ABORTED",
    remedy: "Nothing was put into the volume. Try again once nothing writes to it.",
  });
}

export function localFileExists(path: string): AppError {
  return new AppError("LOCAL_FILE_EXISTS", `There is a ${JSON.stringify(path)} on this machine already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Choose another path, or say that it may be overwritten (--force).",
  });
}
