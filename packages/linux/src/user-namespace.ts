import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { AppError } from "@dorian/base/app-error";
import { bindMount } from "./mount.ts";

/** Ids of users, and the same of groups, of the host. */
export interface IdRange {
  first: number;
  size: number;
}

export interface UserNamespaceOptions {
  /** New file at which the user namespace is mounted; it lives as long as that. */
  path: string;
  /** New file for a network namespace that belongs to it. */
  networkPath?: string;
  /** What its ids from 0 on are on the host. */
  ids: IdRange;
}

/**
 * Makes a user namespace, and a network namespace that belongs to it.
 *
 * @throws AppError USER_NAMESPACE_FAILED with the kernel's reason
 */
export async function createUserNamespace({ path, networkPath, ids }: UserNamespaceOptions): Promise<void> {
  // A process of several threads, such as this one, may not enter a user namespace: one of its own makes it.
  const maker = spawn(
    "unshare",
    ["--user", ...(networkPath === undefined ? [] : ["--net"]), "sh", "-c", "echo; read _"],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  const closed = new Promise<void>((resolve) => {
    maker.once("error", () => resolve());
    maker.once("close", () => resolve());
  });
  const reason = text(maker.stderr);
  try {
    await Promise.race([once(maker.stdout, "data"), closed]);
    if (maker.pid === undefined || maker.exitCode !== null) throw makingFailed((await reason).trim());
    const map = `0 ${ids.first} ${ids.size}\n`;
    const of = (name: string) => `/proc/${maker.pid}/${name}`;
    writeFileSync(of("uid_map"), map);
    writeFileSync(of("gid_map"), map);
    mountNamespace(of("ns/user"), path);
    if (networkPath !== undefined) mountNamespace(of("ns/net"), networkPath);
  } finally {
    maker.kill("SIGKILL");
    await closed;
  }
}

function mountNamespace(namespace: string, path: string): void {
  writeFileSync(path, "", { flag: "wx" });
  bindMount(namespace, path);
}

function makingFailed(reason: string): AppError {
  return new AppError(
    "USER_NAMESPACE_FAILED",
    `A user namespace cannot be made: ${reason || "the program unshare did not run"}.`,
    { status: "INTERNAL", remedy: "Look at /proc/sys/user/max_user_namespaces, and install util-linux." },
  );
}
