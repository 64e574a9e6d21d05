import { AppState } from "@dorian/protocol/modal";
import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { ServerConnection } from "../server-connection.ts";
import type { Noun } from "./nouns.ts";

/** A key was pressed: who waits longer than this types on. */
const patienceMs = 2_000;
/** How many names are asked for: one page of a list. */
const mostNames = 200;

/** Names of things on the server, the newest first; none where it does not answer soon. */
export async function serverNames(
  noun: Noun,
  options: ReadonlyMap<string, string>,
  config: Config,
): Promise<readonly string[]> {
  const data = options.get("data");
  const chosen: Config = {
    ...config,
    server: options.get("server") ?? config.server,
    environment: options.get("environment") ?? config.environment,
    dataDirectory: data === undefined ? config.dataDirectory : resolve(data),
  };
  try {
    using server = new ServerConnection(chosen);
    return await namesOn(server, noun, { signal: AbortSignal.timeout(patienceMs) });
  } catch {
    // Whatever is wrong, the command itself will say it.
    return [];
  }
}

async function namesOn(
  { modal }: ServerConnection,
  noun: Noun,
  options: { signal: AbortSignal },
): Promise<string[]> {
  const request = { pagination: { maxObjects: mostNames } };
  switch (noun) {
    case "app": {
      const { apps } = await modal.appList({}, options);
      const running = apps.filter(({ state }) => state !== AppState.STOPPED);
      return [...new Set(running.map(({ name, description }) => name || description))];
    }
    case "container":
      return (await modal.taskList({}, options)).tasks.map(({ taskId }) => taskId);
    case "dict":
      return (await modal.dictList(request, options)).dicts.map(({ name }) => name);
    case "environment":
      return (await modal.environmentList({}, options)).items.map(({ name }) => name);
    case "queue":
      return (await modal.queueList(request, options)).queues.map(({ name }) => name);
    case "secret":
      return (await modal.secretList(request, options)).items.map(({ label }) => label);
    case "volume":
      return (await modal.volumeList(request, options)).items.map(({ label }) => label);
    default:
      return [];
  }
}
