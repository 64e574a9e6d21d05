import { AppError, messageOf } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { TrustFiles } from "../tls/server-tls.ts";
import { keepInPlace } from "../keep-in-place.ts";
import { writePrivateFile } from "../keys/private-file.ts";

/** What lets programs on this machine in: read by the command line and by workers, never sent anywhere else. */
export interface ClientFile {
  /** Where the server listens. */
  url: string;
  tokenId: string;
  tokenSecret: string;
  workerToken: string;
  /** Host under which programs on this machine reach the server. */
  localHost?: string | undefined;
  /** Files that clients need to trust the server; absent when they need none. */
  trust?: TrustFiles | undefined;
}

/** What changes from one start to another. */
export type ServerPlace = Pick<ClientFile, "url" | "localHost" | "trust">;

/**
 * The tokens in `client.json`, made at the first start. With `place` the file says where the server is from now on.
 *
 * @throws AppError CLIENT_FILE_INVALID
 */
export async function openClientFile(dataDirectory: string, place?: ServerPlace): Promise<ClientFile> {
  const path = clientFilePath(dataDirectory);
  const known = await read(path);
  const file = known ?? {
    url: "",
    tokenId: `ak-${random(16)}`,
    tokenSecret: `as-${random(32)}`,
    workerToken: `wt-${random(32)}`,
  };
  const current = { ...file, ...place };
  const content = contentOf(current);
  if (!known || contentOf(known) !== content) await writePrivateFile(path, content);
  return current;
}

/** Keeps the file what `openClientFile` has made of it, whoever removes or changes it while the server runs. */
export async function keepClientFile(
  dataDirectory: string,
  { file, logger }: { file: ClientFile; logger: Logger },
): Promise<AsyncDisposable> {
  const path = clientFilePath(dataDirectory);
  const content = contentOf(file);
  return await keepInPlace({
    path,
    isThere: async () => (await unlessAbsent(readFile(path, "utf8"))) === content,
    putThere: () => writePrivateFile(path, content),
    logger,
  });
}

/** The file of a server's data directory, or undefined when no server has ever started there. */
export async function readClientFile(dataDirectory: string): Promise<ClientFile | undefined> {
  return await read(clientFilePath(dataDirectory));
}

function clientFilePath(dataDirectory: string): string {
  return join(dataDirectory, "client.json");
}

async function read(path: string): Promise<ClientFile | undefined> {
  const text = await unlessAbsent(readFile(path, "utf8"));
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<ClientFile>;
    const { url, tokenId, tokenSecret, workerToken, localHost, trust } = value;
    if (!tokenId || !tokenSecret || !workerToken || url === undefined) throw new Error("a field is missing");
    return { url, tokenId, tokenSecret, workerToken, localHost, trust };
  } catch (error) {
    throw new AppError("CLIENT_FILE_INVALID", `${path} is not a client file: ${messageOf(error)}.`, {
      remedy:
        "A server that runs puts its own there again within a second. Without one, mend the file, or remove it: the next start writes a new one, with new tokens.",
      cause: error,
    });
  }
}

function contentOf(file: ClientFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

function random(bytes: number): string {
  return randomBytes(bytes).toString("base64url");
}
