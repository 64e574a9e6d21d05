import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivateFile } from "./private-file.ts";

/** What lets programs on this machine in: read by the command line and by workers, never sent anywhere else. */
export interface ClientFile {
  /** Where the server listens. */
  url: string;
  tokenId: string;
  tokenSecret: string;
  workerToken: string;
}

/**
 * The tokens in `client.json`, made at the first start. With `url` the file names that address from now on.
 *
 * @throws AppError CLIENT_FILE_INVALID
 */
export async function openClientFile(dataDirectory: string, url?: string): Promise<ClientFile> {
  const path = clientFilePath(dataDirectory);
  const known = await read(path);
  const file = known ?? {
    url: "",
    tokenId: `ak-${random(16)}`,
    tokenSecret: `as-${random(32)}`,
    workerToken: `wt-${random(32)}`,
  };
  const current = { ...file, url: url ?? file.url };
  if (!known || known.url !== current.url)
    await writePrivateFile(path, `${JSON.stringify(current, null, 2)}\n`);
  return current;
}

/** The file of a server's data directory, or undefined when no server has ever started there. */
export async function readClientFile(dataDirectory: string): Promise<ClientFile | undefined> {
  return await read(clientFilePath(dataDirectory));
}

function clientFilePath(dataDirectory: string): string {
  return join(dataDirectory, "client.json");
}

async function read(path: string): Promise<ClientFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const value = JSON.parse(text) as Partial<ClientFile>;
    const { url, tokenId, tokenSecret, workerToken } = value;
    if (!tokenId || !tokenSecret || !workerToken || url === undefined) throw new Error("a field is missing");
    return { url, tokenId, tokenSecret, workerToken };
  } catch (error) {
    throw new AppError("CLIENT_FILE_INVALID", `${path} is not a client file: ${messageOf(error)}.`, {
      remedy: "Remove it and start the server again; it writes a new one with new tokens.",
      cause: error,
    });
  }
}

function random(bytes: number): string {
  return randomBytes(bytes).toString("base64url");
}
