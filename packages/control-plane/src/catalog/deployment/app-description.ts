import type { CallContext } from "@dorian/protocol/service";
import { inWordsOf } from "@dorian/protocol/error/words";
import type { Environments } from "../../access/environment/environments.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";
import type { App } from "../app/app.ts";

/** Reason of a stop that somebody asked for. */
export const stoppedOnRequest = "it was stopped on request";

/** What clients are told in place of a page's address: there are no pages, and the log says most. */
export function whereToLook(appId: string, { language }: Pick<CallContext, "language">): string {
  return inWordsOf(language, `\`dorian app logs ${appId}\``);
}

/** Says where an app stands, as clients are told. */
export function lifecycleOf(app: App) {
  return {
    appState: app.state,
    createdAt: app.createdAtMs / 1000,
    createdBy: "client",
    deployedAt: (app.deployedAtMs ?? 0) / 1000,
    deployedBy: app.deployedAtMs === undefined ? "" : "client",
    version: app.version,
    stoppedAt: (app.stoppedAtMs ?? 0) / 1000,
    stoppedBy: app.stopReason === stoppedOnRequest ? "client" : app.stopReason,
  };
}

/** What there is to an app: its functions by name, servers apart. */
export function appMetadata(app: App, options: { environments: Environments; functions: FunctionRegistry }) {
  const functions: Record<string, string> = {};
  const servers: Record<string, string> = {};
  for (const [tag, functionId] of app.functionIds) {
    const definition = options.functions.get(functionId)?.definition;
    if (definition?.isServer) servers[tag] = functionId;
    else functions[tag] = functionId;
  }
  return {
    description: app.name ?? app.description,
    appId: app.appId,
    environmentName: options.environments.nameOf(app.scope),
    lifecycle: lifecycleOf(app),
    functions,
    servers,
  };
}
