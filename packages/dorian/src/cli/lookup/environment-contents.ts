import { AppState } from "@dorian/protocol/modal";
import type { ServerConnection } from "../server-connection.ts";
import { allPages } from "@dorian/sdk/named/all-pages";

/** Names of what an environment holds, by kind. */
export interface EnvironmentContents {
  apps: string[];
  volumes: string[];
  secrets: string[];
  dicts: string[];
  queues: string[];
}

export async function environmentContents(
  { modal }: Pick<ServerConnection, "modal">,
  environmentName: string,
  options: { signal: AbortSignal },
): Promise<EnvironmentContents> {
  const [apps, volumes, secrets, dicts, queues] = await Promise.all([
    modal.appList({ environmentName }, options).then((list) => list.apps),
    allPages((pagination) =>
      modal.volumeList({ environmentName, pagination }, options).then((list) => list.items),
    ),
    allPages((pagination) =>
      modal.secretList({ environmentName, pagination }, options).then((list) => list.items),
    ),
    allPages((pagination) =>
      modal.dictList({ environmentName, pagination }, options).then((list) => list.dicts),
    ),
    allPages((pagination) =>
      modal.queueList({ environmentName, pagination }, options).then((list) => list.queues),
    ),
  ]);
  return {
    apps: apps
      .filter(({ state }) => state !== AppState.STOPPED)
      .map(({ name, description }) => name || description),
    volumes: volumes.map(({ label }) => label),
    secrets: secrets.map(({ label }) => label),
    dicts: dicts.map(({ name }) => name),
    queues: queues.map(({ name }) => name),
  };
}

const mostNames = 5;

/** "1 app (quickstart) and 2 volumes (weights, logs)"; empty for nothing. */
export function contentsText(contents: EnvironmentContents): string {
  const parts = Object.entries(contents as unknown as Record<string, string[]>)
    .filter(([, names]) => names.length > 0)
    .map(([kind, names]) => {
      const shown = names.slice(0, mostNames).join(", ");
      const more = names.length > mostNames ? `, and ${names.length - mostNames} more` : "";
      return `${names.length} ${names.length === 1 ? kind.slice(0, -1) : kind} (${shown}${more})`;
    });
  const last = parts.pop() ?? "";
  return parts.length === 0 ? last : `${parts.join(", ")} and ${last}`;
}
