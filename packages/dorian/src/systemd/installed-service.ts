import { AppError } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { environmentPath, type ServiceSettings, settingsOf, unitPath, unitText } from "./unit-file.ts";

const environmentText = `# Environment of the Dorian service: NAME=value, one a line. Then: systemctl restart dorian
# DORIAN_REGISTRY_MIRRORS=docker.io=https://mirror.example
`;

/** Undefined where there is none. @throws AppError SERVICE_UNIT_FOREIGN */
export async function findService(): Promise<ServiceSettings | undefined> {
  const text = await unlessAbsent(readFile(unitPath, "utf8"));
  return text === undefined ? undefined : settingsOf(text);
}

/** @throws AppError SERVICE_MISSING, SERVICE_UNIT_FOREIGN */
export async function requireService(): Promise<ServiceSettings> {
  const settings = await findService();
  if (settings) return settings;
  throw new AppError("SERVICE_MISSING", "No service is installed on this machine.", {
    status: "NOT_FOUND",
    remedy: "`dorian service install` installs one.",
  });
}

/** Writes the unit, and a file for its environment where there is none. */
export async function writeService(settings: ServiceSettings): Promise<void> {
  await writeFile(`${unitPath}.new`, unitText(settings), { mode: 0o644, flush: true });
  await rename(`${unitPath}.new`, unitPath);
  await mkdir(dirname(environmentPath), { recursive: true, mode: 0o755 });
  // What is in it may let others in elsewhere: registries, indexes.
  const open = { flag: "wx", mode: 0o600 } as const;
  await writeFile(environmentPath, environmentText, open).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
