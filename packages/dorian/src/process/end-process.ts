import { sleep } from "@dorian/base/sleep";

/** Milliseconds for file system calls that still go on when all the rest is done. */
const lastCallsMs = 5_000;
const lookEveryMs = 10;

/**
 * Ends this process, at once unless file system calls go on. `process.exit` waits for them without limit, and those of a file system
 * that hangs never return: then the kernel ends it.
 */
export async function endProcess(code: number): Promise<never> {
  const { signal } = new AbortController();
  for (let waitedMs = 0; inFileSystem() && waitedMs < lastCallsMs; waitedMs += lookEveryMs)
    await sleep(lookEveryMs, { signal });
  if (inFileSystem()) process.kill(process.pid, "SIGKILL");
  return process.exit(code);
}

function inFileSystem(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq"));
}
