import { readFile, writeFile } from "node:fs/promises";
import { errnoOf } from "@dorian/base/app-error";

/** Text of a control group's file; undefined when the group is gone, or has no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Sets a control group's file; nothing when the group is gone, or has no such file. */
export async function writeIfThere(path: string, value: string): Promise<void> {
  try {
    await writeFile(path, value, { flag: "r+" });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** What the kernel answers where a group was removed, and while it is. */
export function isGone(error: unknown): boolean {
  return errnoOf(error) === "ENOENT" || errnoOf(error) === "ENODEV";
}
