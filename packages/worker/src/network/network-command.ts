import { spawn } from "node:child_process";
import { AppError, errnoOf } from "@dorian/base/app-error";

const packages = { ip: "iproute2", nft: "nftables" } as const;

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `ip` or `nft` with `input` on its stdin; the result may be a failure. The child is spawned before this returns. */
export async function tryNetworkCommand(
  program: keyof typeof packages,
  args: string[],
  input = "",
  // Debian keeps both in sbin, which the PATH of an ordinary login leaves out.
  path = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`,
): Promise<CommandResult> {
  const child = spawn(program, args, { stdio: "pipe", env: { PATH: path } });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => void (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString()));
  // One that fails before it has read all says why on stderr.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => reject(errnoOf(cause) === "ENOENT" ? missing(program, cause) : cause));
    child.once("close", (exitCode) => resolve(exitCode ?? 137));
  });
  return { code, stdout, stderr };
}

/**
 * Like {@link tryNetworkCommand}, for what must succeed; resolves with stdout.
 *
 * @throws AppError NETWORK_SETUP_FAILED with what the program said.
 */
export async function networkCommand(
  program: keyof typeof packages,
  args: string[],
  input = "",
): Promise<string> {
  const { code, stdout, stderr } = await tryNetworkCommand(program, args, input);
  if (code === 0) return stdout;
  const said = stderr.trim() || `exit code ${code}`;
  throw new AppError("NETWORK_SETUP_FAILED", `\`${[program, ...args].join(" ")}\` failed: ${said}`, {
    status: "INTERNAL",
    remedy: "Run as root, on a kernel with bridges, veth and nftables; `dorian doctor` checks this machine.",
  });
}

function missing(program: keyof typeof packages, cause: unknown): AppError {
  return new AppError("NETWORK_TOOL_MISSING", `The program ${program} was not found.`, {
    remedy: `Install it: \`apt-get install ${packages[program]}\`.`,
    cause,
  });
}
