import type * as fs from "node:fs/promises";
import type * as syncFs from "node:fs";
import type { spawn } from "node:child_process";
import type { setTimeout as delay } from "node:timers/promises";
import { Function as RemoteFunction, type Volume } from "dorian";
import { deployApp } from "./deployed-app.ts";
import { dorian } from "./run-command.ts";

/** What a script finds in its container. It sees nothing else of the test: it travels as text. */
export interface ScriptContext {
  fs: typeof fs;
  syncFs: typeof syncFs;
  spawn: typeof spawn;
  delay: typeof delay;
  volume: Volume;
  taskId: string;
}

/** Runs `script` in one container, the same for every call, and returns its result. Arguments must be plain values. */
export type ScriptedContainer = <A extends unknown[], T>(
  script: (context: ScriptContext, ...values: A) => Promise<T>,
  ...values: A
) => Promise<T>;

export interface ScriptedContainers<Name extends string> extends AsyncDisposable {
  container: Record<Name, ScriptedContainer>;
}

/**
 * Deploys an app whose functions, each with a container of its own, run what a test hands them. `mounts` names the
 * containers and says where each has the volume. The app and its containers end when the result is disposed of.
 */
export async function scriptedContainers<Name extends string>(
  dataDirectory: string,
  options: { app: string; volume: string; mounts: Record<Name, string> },
): Promise<ScriptedContainers<Name>> {
  const { app, volume } = options;
  const mounts = Object.entries<string>(options.mounts);
  await deployApp(
    dataDirectory,
    `
import * as fs from "node:fs/promises";
import * as syncFs from "node:fs";
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { App, Volume, currentTaskId } from "dorian";
const volume = Volume.fromName(${JSON.stringify(volume)}, { createIfMissing: true });
export const app = new App(${JSON.stringify(app)});
const run = async (script: string, values: unknown[]) =>
  new Function("return " + script)()({ fs, syncFs, spawn, delay, volume, taskId: currentTaskId() }, ...values);
${mounts
  .map(
    ([name, path]) =>
      `export const ${name} = app.function({ name: "${name}", volumes: { "${path}": volume }, maxContainers: 1, maxConcurrentInputs: 10 }, run);`,
  )
  .join("\n")}
`,
  );
  const containers = mounts.map(([name]) => {
    const remote = RemoteFunction.fromName<(script: string, values: unknown[]) => Promise<unknown>>(
      app,
      name,
    );
    const call: ScriptedContainer = async (script, ...values) =>
      (await remote.remote(String(script), values)) as never;
    return [name, call] as const;
  });
  const container = Object.fromEntries(containers) as Record<Name, ScriptedContainer>;
  return {
    container,
    async [Symbol.asyncDispose]() {
      await dorian(dataDirectory, ["app", "stop", app]);
    },
  };
}
