import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * A directory that is laid over root file systems so that every user may read what lies in /root: user code and packages
 * do, and an image may say that another user than root runs them.
 */
export async function prepareHomeLayer(dataDirectory: string): Promise<string> {
  const directory = join(dataDirectory, "home-layer");
  await mkdir(join(directory, "root"), { recursive: true });
  await chmod(join(directory, "root"), 0o755);
  return directory;
}
