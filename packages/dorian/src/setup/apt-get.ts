import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import { proxyEnvironment } from "@dorian/operator/proxy-settings";

export interface AptResult {
  code: number;
  /** All that it said. */
  output: string;
}

/**
 * Runs `apt-get` to its end, which an abort of `signal` brings about at once. Without a signal it goes on whatever happens,
 * even to this process.
 *
 * @throws the signal's reason.
 */
export async function aptGet(
  args: string[],
  options: { env: NodeJS.ProcessEnv; signal?: AbortSignal },
): Promise<AptResult> {
  const { env, signal } = options;
  signal?.throwIfAborted();
  // A file without a name: a pipe would break, and apt with it, should this process be ended before it.
  await using said = await namelessFile();
  const child = spawn("apt-get", args, {
    stdio: ["ignore", said.fd, said.fd],
    env: aptEnvironment(env),
    // Ctrl-C reaches this process alone, which knows when apt may be stopped.
    detached: true,
  });
  const stop = () => stopGroup(child.pid);
  if (signal) onAbort(signal, stop);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    signal?.throwIfAborted();
    const { size } = await said.stat();
    const { buffer } = await said.read(Buffer.alloc(size), 0, size, 0);
    return { code: code ?? 1, output: buffer.toString() };
  } finally {
    if (signal) offAbort(signal, stop);
  }
}

/** The caller's, proxies and all, in words that can be understood here, and without questions. */
export function aptEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...env,
    // apt reads the small spelling alone.
    ...proxyEnvironment(env),
    // A root shell that came from su lacks the directories that dpkg needs.
    PATH: `${env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`,
    LC_ALL: "C.UTF-8",
    DEBIAN_FRONTEND: env["DEBIAN_FRONTEND"] ?? "noninteractive",
    // Ubuntu's would start services of others again.
    NEEDRESTART_MODE: env["NEEDRESTART_MODE"] ?? "l",
  };
}

async function namelessFile() {
  const directory = await mkdtemp(join(tmpdir(), "dorian-setup-"));
  try {
    return await open(join(directory, "apt.log"), "w+");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function stopGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGTERM");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}
