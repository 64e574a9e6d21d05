import { dirname } from "node:path";
import { repeatedly } from "@dorian/base/repeatedly";
import type { Logger } from "pino";
import { identityOf } from "../database/watch-file.ts";

const usualEveryMs = 1_000;

/**
 * Looks each second whether what others find this server by is still in its place, and puts it there again: an operator, or a
 * program that clears up, may have removed it. Where its directory is another one by now nothing is put.
 */
export async function keepInPlace(options: {
  path: string;
  isThere: () => Promise<boolean>;
  putThere: () => Promise<void>;
  logger: Logger;
  everyMs?: number;
}): Promise<AsyncDisposable> {
  const { path, isThere, putThere, logger, everyMs = usualEveryMs } = options;
  const own = await identityOf(dirname(path));
  let hasFailed = false;
  return repeatedly(
    async () => {
      if (await isThere()) return;
      if ((await identityOf(dirname(path))) !== own) return;
      await putThere();
      hasFailed = false;
      logger.warn({ path }, "this file of the server was removed or changed: it has been put there again");
    },
    {
      everyMs,
      onError(error) {
        if (!hasFailed)
          logger.error(
            { path, err: error },
            "this file of the server is gone, and cannot be put there again",
          );
        hasFailed = true;
      },
    },
  );
}
