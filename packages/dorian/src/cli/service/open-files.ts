import { AppError } from "@dorian/base/app-error";

/** With fewer not even a quiet machine's server and containers get by. */
const fewestFiles = 1_024;

/** @throws AppError OPEN_FILES_TOO_FEW when this process may not have as many files open as it needs at least */
export function requireOpenFiles(limit: number): void {
  if (limit >= fewestFiles) return;
  throw new AppError(
    "OPEN_FILES_TOO_FEW",
    `This process may have ${limit} files open at once; Dorian needs ${fewestFiles} at least, and with fewer than 12800 it takes fewer connections.`,
    {
      status: "FAILED_PRECONDITION",
      remedy:
        "Raise the limit of the shell that starts it (`ulimit -n 65536`), or `LimitNOFILE=` of the service.",
    },
  );
}
