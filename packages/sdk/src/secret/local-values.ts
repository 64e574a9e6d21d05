import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { AppError } from "@dorian/base/app-error";
import { localPathOf } from "../local/local-path.ts";
import { localFileError } from "../local/local-file-error.ts";
import { checkSecretValues } from "./secret-values.ts";

/** @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_UNREADABLE, SECRET_KEY_INVALID */
export function dotenvValues(path: string | URL): Record<string, string> {
  const found = typeof path === "string" && !/[\\/]/.test(path) ? nearest(path) : localPathOf(path);
  let text: string;
  try {
    text = readFileSync(found, "utf8");
  } catch (error) {
    throw localFileError(found, "read", error);
  }
  const values = Object.fromEntries(
    Object.entries(parseEnv(text)).map(([key, value]) => [key, value ?? ""] as const),
  );
  checkSecretValues(values, ` in ${JSON.stringify(found)}`);
  return values;
}

/** The file of that name in the app's directory or the nearest one above it; where there is none, in the app's. */
function nearest(name: string): string {
  const here = resolve(localPathOf("."));
  for (let directory = here; ; directory = dirname(directory)) {
    const path = join(directory, name);
    if (existsSync(path)) return path;
    if (directory === dirname(directory)) return join(here, name);
  }
}

/** @throws AppError SECRET_VARIABLE_MISSING, SECRET_KEY_INVALID */
export function environmentValues(
  keys: readonly string[],
  env: Record<string, string | undefined>,
): Record<string, string> {
  const missing = keys.filter((key) => env[key] === undefined);
  if (missing.length > 0) {
    throw new AppError(
      "SECRET_VARIABLE_MISSING",
      `Environment variables that a secret is made of are not set: ${missing.join(", ")}.`,
      {
        status: "FAILED_PRECONDITION",
        remedy: "Set them where the app is deployed, or take them out of Secret.fromLocalEnvironment.",
      },
    );
  }
  const values = Object.fromEntries(keys.map((key) => [key, env[key] ?? ""]));
  checkSecretValues(values);
  return values;
}
