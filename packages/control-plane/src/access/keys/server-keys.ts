import { hkdfSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { readOrCreatePrivateFile } from "./private-file.ts";

/** Keys that one file of the data directory yields, each for one use. */
export interface ServerKeys {
  /** Encrypts secrets at rest. */
  secrets: Buffer;
  /** Recognises equal secrets without holding their values. */
  fingerprints: Buffer;
  /** Signs the addresses that files are fetched from and sent to. */
  urls: Buffer;
  /** Signs what clients carry about and show again. */
  tokens: Buffer;
}

/** Reads `server.key`, or makes it. Without that file the stored secrets are lost, which is its point. */
export async function openServerKeys(dataDirectory: string): Promise<ServerKeys> {
  const path = join(dataDirectory, "server.key");
  const master = await readOrCreatePrivateFile(path, () => randomBytes(32));
  if (master.length !== 32) {
    throw new AppError("SERVER_KEY_INVALID", `${path} has ${master.length} bytes instead of 32.`, {
      remedy: "Restore it from a backup. If there is none, remove it and create the secrets again.",
    });
  }
  const derive = (use: string) => Buffer.from(hkdfSync("sha256", master, "", `dorian ${use}`, 32));
  return {
    secrets: derive("secrets"),
    fingerprints: derive("fingerprints"),
    urls: derive("urls"),
    tokens: derive("tokens"),
  };
}
