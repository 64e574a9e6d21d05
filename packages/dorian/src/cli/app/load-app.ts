import { unlessAbsent } from "@dorian/base/unless-absent";
import { AppError } from "@dorian/base/app-error";
import type { App } from "@dorian/sdk";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleForLocal } from "@dorian/publish/bundle/bundle-for-local";
import { SourceCache } from "@dorian/publish/bundle/source-cache";
import type { CommandContext } from "../context.ts";
import { showUserError } from "./user-error.ts";

export interface LoadedApp {
  app: App;
  /** Absolute paths of the files that went into it. */
  inputs: string[];
  /** What is odd about them, though they could be bundled. */
  warnings: string[];
}

/**
 * Bundles a module, evaluates it in this process and finds the app that it defines. Loading it again after an edit
 * gives the new app.
 *
 * @throws AppError APP_FILE_NOT_FOUND, BUNDLE_FAILED, APP_MISSING, APP_AMBIGUOUS; and whatever the module throws.
 */
export async function loadApp(
  file: string,
  options: { cwd: string; sourceCache?: SourceCache; onRead?: (path: string) => void },
): Promise<LoadedApp> {
  const { cwd, ...bundling } = options;
  await requireFile(file, cwd);
  const [{ forgetApps, registeredApps }, { setLocalDirectory }] = await Promise.all([
    import("@dorian/sdk/app/app"),
    import("@dorian/sdk/local/local-path"),
  ]);
  setLocalDirectory(dirname(resolve(cwd, file)));
  forgetApps();
  // What an earlier load registered must not answer for a name that the new code no longer has.
  Reflect.set(globalThis, Symbol.for("dorian.moduleScopes"), []);
  // Traces of the user's errors name the user's own lines.
  process.setSourceMapsEnabled(true);
  const directory = await mkdtemp(join(tmpdir(), "dorian-app-"));
  try {
    const sdkUrl = import.meta.resolve("dorian");
    const { path, inputs, warnings } = await bundleForLocal(file, {
      sdkUrl,
      directory,
      root: cwd,
      ...bundling,
    });
    const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    return { app: chooseApp(file, exported, registeredApps()), inputs, warnings };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Loads an app for a command: an error of its own code is shown with the user's stack. */
export async function loadAppFor(
  file: string,
  context: Pick<CommandContext, "cwd" | "config" | "output">,
  onRead: (path: string) => void = () => undefined,
): Promise<LoadedApp> {
  try {
    const sourceCache = sourceCacheOf(context.config);
    const loaded = await loadApp(file, { cwd: context.cwd, sourceCache, onRead });
    for (const warning of loaded.warnings) context.output.note(`Warning: ${warning}`);
    return loaded;
  } catch (error) {
    throw showUserError(error, context.output);
  }
}

export function sourceCacheOf(config: CommandContext["config"]): SourceCache {
  return new SourceCache(join(config.cacheDirectory, "sources"));
}

async function requireFile(file: string, cwd: string): Promise<void> {
  const stats = await unlessAbsent(stat(resolve(cwd, file)));
  if (stats?.isFile()) return;
  throw new AppError("APP_FILE_NOT_FOUND", `There is no file ${file} in ${cwd}.`, {
    status: "NOT_FOUND",
    remedy: "Give the path of the TypeScript file that makes the app.",
  });
}

/** The app that is exported as `app` or by default, else the only one there is. */
export function chooseApp<A extends { name: string }>(
  file: string,
  exported: Record<string, unknown>,
  apps: readonly A[],
): A {
  const named =
    apps.find((app) => app === exported["app"]) ?? apps.find((app) => app === exported["default"]);
  const [first, second] = apps;
  if (named ?? (first && !second)) return (named ?? first) as A;
  if (!first) {
    throw new AppError("APP_MISSING", `${file} makes no app.`, {
      status: "INVALID_ARGUMENT",
      remedy: 'Add `export const app = new App("my-app");`.',
    });
  }
  throw new AppError(
    "APP_AMBIGUOUS",
    `${file} makes ${apps.length} apps: ${apps.map(({ name }) => name).join(", ")}.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Export the one that is meant as `app`.",
    },
  );
}
