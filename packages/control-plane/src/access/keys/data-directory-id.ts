import { newId } from "@dorian/base/ids";
import { join } from "node:path";
import { readOrCreatePrivateFile } from "./private-file.ts";

/** Identity of a data directory, by which a worker shows that it shares the server's layers. */
export async function readDataDirectoryId(dataDirectory: string): Promise<string> {
  const file = await readOrCreatePrivateFile(join(dataDirectory, "id"), () => Buffer.from(newId("dd")));
  return Buffer.from(file).toString("utf8").trim();
}
