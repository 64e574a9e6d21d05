import { AppError } from "@dorian/base/app-error";
import { readClientFile } from "@dorian/control-plane/token/client-file";
import type { Config } from "../cli/config.ts";

/**
 * Address and worker token of the server to join: from the environment, else from the server's file in the data directory.
 *
 * @throws AppError WORKER_TOKEN_MISSING
 */
export async function workerCredentials(
  config: Config,
  tokenFromEnv: string | undefined,
): Promise<{ url: string; workerToken: string }> {
  const file = await readClientFile(config.dataDirectory);
  const url = config.server ?? file?.url;
  const workerToken = tokenFromEnv || file?.workerToken;
  if (url && workerToken) return { url, workerToken };
  throw new AppError("WORKER_TOKEN_MISSING", `There is no server's client.json in ${config.dataDirectory}.`, {
    status: "UNAUTHENTICATED",
    remedy: "Start `dorian server` with the same --data first: a worker shares the server's data directory.",
  });
}
