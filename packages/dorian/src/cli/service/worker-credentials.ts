import { AppError } from "@dorian/base/app-error";
import { readClientFile } from "@dorian/control-plane/access/token/client-file";
import { workerSocketPath } from "@dorian/control-plane/dispatch/fleet/worker-socket";
import type { Config } from "../config/config.ts";
import type { WorkerServer } from "./start-worker.ts";

/**
 * The server to join and the worker token. Unless a server is named, it is that of the data directory, reached by its socket
 * there; its token is in its file.
 *
 * @throws AppError WORKER_TOKEN_MISSING
 */
export async function workerCredentials(
  config: Pick<Config, "dataDirectory" | "server">,
  tokenFromEnv: string | undefined,
): Promise<WorkerServer> {
  const file = await readClientFile(config.dataDirectory);
  const url = config.server ?? file?.url;
  const workerToken = tokenFromEnv || file?.workerToken;
  if (!url || !workerToken) {
    throw new AppError(
      "WORKER_TOKEN_MISSING",
      `There is no server's client.json in ${config.dataDirectory}.`,
      {
        status: "UNAUTHENTICATED",
        remedy:
          "Start `dorian server` with the same --data first: a worker shares the server's data directory.",
      },
    );
  }
  const socket = config.server === undefined ? workerSocketPath(config.dataDirectory) : undefined;
  return {
    url: socket === undefined ? url : `unix://${socket}`,
    httpHost: (config.server === undefined ? file?.localHost : undefined) ?? hostOf(url),
    authority: file?.trust?.authority,
    workerToken,
  };
}

/** An IPv6 address without its brackets; an address that is none is refused where it is dialled. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, "$1") : url;
}
