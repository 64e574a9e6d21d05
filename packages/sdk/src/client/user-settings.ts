import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What the file of a user's settings may hold. */
export const userSettingNames = ["server", "tokenId", "tokenSecret", "data", "environment"] as const;
export type UserSettings = Partial<Record<(typeof userSettingNames)[number], string>>;

/** Where a user keeps what holds for all of their programs. */
export function userSettingsPath(env: Record<string, string | undefined>): string {
  return (
    env["DORIAN_CONFIG"] || join(env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "dorian/config.json")
  );
}

/**
 * A user's settings; empty where there is no file, or none that this user may read.
 *
 * @throws AppError CONFIG_FILE_INVALID
 */
export function readUserSettings(path: string): UserSettings {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    // Another user's: a program that gave up root may still have root's home.
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(error) ?? "")) return {};
    throw invalid(path, `cannot be read: ${messageOf(error)}`, error);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw invalid(path, `is not JSON: ${messageOf(error)}`, error);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    throw invalid(path, "does not hold a JSON object");
  for (const [name, value] of Object.entries(content)) {
    if (!(userSettingNames as readonly string[]).includes(name))
      throw invalid(path, `has "${name}", which is no setting; there are ${userSettingNames.join(", ")}`);
    if (typeof value !== "string" || value === "") throw invalid(path, `has "${name}", which is not a text`);
  }
  return content;
}

function invalid(path: string, why: string, cause?: unknown): AppError {
  return new AppError("CONFIG_FILE_INVALID", `The file of settings ${path} ${why}.`, {
    status: "FAILED_PRECONDITION",
    remedy: "Mend it, or remove it and make it anew with `dorian config set`.",
    cause,
  });
}
