import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CommitInfoSchema } from "@dorian/protocol/modal";

const run = promisify(execFile);
/** A deploy does not wait for git in a repository that is slow to look through. */
const patienceMs = 5_000;
const longestText = 200;

export type Commit = MessageInitShape<typeof CommitInfoSchema>;

/** The commit that a directory's files are of; undefined where git knows of none, or is not there. */
export async function commitOf(
  directory: string,
  { signal }: { signal: AbortSignal },
): Promise<Commit | undefined> {
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await run("git", args, { cwd: directory, signal, timeout: patienceMs });
    return stdout.trim();
  };
  try {
    const [log, branch, changes, remote] = await Promise.all([
      git("log", "-1", "--format=%H%n%ct%n%an%n%ae"),
      git("rev-parse", "--abbrev-ref", "HEAD"),
      git("status", "--porcelain"),
      git("remote", "get-url", "origin").catch(() => ""),
    ]);
    const [commitHash = "", seconds = "", authorName = "", authorEmail = ""] = log.split("\n");
    return {
      vcs: "git",
      commitHash,
      commitTimestamp: BigInt(seconds),
      branch: branch.slice(0, longestText),
      dirty: changes !== "",
      authorName: authorName.slice(0, longestText),
      authorEmail: authorEmail.slice(0, longestText),
      repoUrl: withoutCredentials(remote).slice(0, longestText),
    };
  } catch {
    // Where a version comes from is a courtesy: without git there is none.
    signal.throwIfAborted();
    return undefined;
  }
}

/** Some have a password or token in their remote's address. */
export function withoutCredentials(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
}
