import { checkAppWords } from "../app/app-words.ts";
import { newId } from "@dorian/base/ids";
import {
  AppCreateResponseSchema,
  AppDisconnectReason,
  AppGetOrCreateResponseSchema,
  AppState,
  ObjectCreationType,
  type ModalClient,
} from "@dorian/protocol/modal";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Idempotency } from "../../database/idempotency.ts";
import type { Environments } from "../../access/environment/environments.ts";
import { checkObjectName } from "../../access/object-name.ts";
import { appNotDeployed } from "../function/app-not-deployed.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";
import type { AppTasks } from "../../dispatch/ports.ts";
import { requireClient } from "../../access/permission/permissions.ts";
import { appMetadata, lifecycleOf, stoppedOnRequest, whereToLook } from "./app-description.ts";
import { disconnectReason, type AppLifecycle } from "./app-lifecycle.ts";
import { isOpen, type App } from "../app/app.ts";
import { saveApp, type AppRegistry } from "../app/app-registry.ts";
import { functionSummaries } from "./function-summaries.ts";

export interface AppHandlerOptions {
  apps: AppRegistry;
  environments: Environments;
  functions: FunctionRegistry;
  lifecycle: AppLifecycle;
  tasks: AppTasks;
  idempotency: Idempotency;
  nowMs: () => number;
}

/** How long a stopped app is still listed. */
const listedMs = 24 * 60 * 60_000;

export function appHandlers(options: AppHandlerOptions) {
  const { apps, environments, functions, lifecycle, tasks, idempotency, nowMs } = options;

  const newApp = (fields: Pick<App, "scope" | "description" | "state"> & Partial<App>): App => ({
    appId: newId("ap"),
    name: undefined,
    version: 0,
    functionIds: new Map(),
    classIds: new Map(),
    objectIds: new Map(),
    tags: {},
    createdAtMs: nowMs(),
    deployedAtMs: undefined,
    stoppedAtMs: undefined,
    stopReason: "",
    ...fields,
  });

  return {
    async appCreate(request, context) {
      checkAppWords(request);
      const state = request.appState || stateBeforeAppState(request);
      const app = newApp({
        scope: environments.require(request.environmentName).scope,
        description: request.description,
        state,
        tags: request.tags,
      });
      return await idempotency.once(
        context,
        { method: "AppCreate", schema: AppCreateResponseSchema },
        async (trx) => {
          await saveApp(trx, app);
          return {
            response: {
              appId: app.appId,
              appPageUrl: whereToLook(app.appId, context),
              appLogsUrl: whereToLook(app.appId, context),
            },
            committed: () => {
              apps.put(app);
              lifecycle.seen(app.appId);
            },
          };
        },
      );
    },

    async appGetByDeploymentName(request) {
      const environment = environments.require(request.environmentName);
      const app = apps.deployed(environment.scope, request.name);
      const previous = app ? undefined : apps.lastStopped(environment.scope, request.name);
      const found = app ?? previous;
      return {
        environmentName: environment.name,
        ...(app ? { appId: app.appId } : {}),
        ...(previous ? { previousAppId: previous.appId } : {}),
        ...(found ? { lifecycle: lifecycleOf(found) } : {}),
      };
    },

    async appGetOrCreate(request, context) {
      const environment = environments.require(request.environmentName);
      const known = apps.deployed(environment.scope, request.appName);
      const creates = request.objectCreationType !== ObjectCreationType.UNSPECIFIED;
      if (known || !creates) {
        if (!known) throw appNotDeployed(request.appName);
        return { appId: known.appId, handleMetadata: appMetadata(known, options) };
      }
      requireClient(context, "Creating apps");
      checkObjectName("an app", request.appName);
      const { scope } = environment;
      return await idempotency.once(
        context,
        { method: "AppGetOrCreate", schema: AppGetOrCreateResponseSchema },
        async (trx) => {
          const made = await trx
            .selectFrom("app")
            .select("app_id")
            .where("environment", "=", scope)
            .where("name", "=", request.appName)
            .where("stopped_at", "is", null)
            .executeTakeFirst();
          const app = made
            ? apps.require(made.app_id)
            : newApp({
                scope,
                name: request.appName,
                description: request.appName,
                state: AppState.DEPLOYED,
                deployedAtMs: nowMs(),
              });
          if (!made) await saveApp(trx, app);
          return {
            response: { appId: app.appId, handleMetadata: appMetadata(app, options) },
            committed: () => apps.put(app),
          };
        },
      );
    },

    async appHeartbeat(request) {
      // Clients go on for some seconds after they have said goodbye, and tell their users of every refusal.
      apps.require(request.appId);
      lifecycle.seen(request.appId);
      return {};
    },

    async appClientDisconnect(request) {
      const app = apps.require(request.appId);
      if (!isOpen(app)) return {};
      const reason = disconnectReason(reasonOf(request.reason), request.exception);
      await lifecycle.disconnect(app, reason);
      return {};
    },

    async appStop(request) {
      const { stopped } = await lifecycle.stop(request.appId, stoppedOnRequest);
      await stopped;
      return {};
    },

    async appList(request) {
      const { scope } = environments.require(request.environmentName);
      const listed = [...apps.all()]
        .filter((app) => app.scope === scope)
        .filter((app) => app.stoppedAtMs === undefined || nowMs() - app.stoppedAtMs < listedMs)
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs);
      return {
        apps: listed.map((app) => ({
          appId: app.appId,
          description: app.description,
          state: app.state,
          createdAt: app.createdAtMs / 1000,
          stoppedAt: (app.stoppedAtMs ?? 0) / 1000,
          nRunningTasks: tasks.runningTaskCount(app.appId),
          name: app.name ?? "",
          metadata: appMetadata(app, options),
        })),
      };
    },

    async appGetLifecycle(request) {
      return { lifecycle: lifecycleOf(apps.require(request.appId)) };
    },

    async appGetInfo(request) {
      const app = apps.require(request.appId);
      return {
        info: appMetadata(app, options),
        functionInfoSummaries: functionSummaries(app, functions),
      };
    },

    async appGetTags(request) {
      return { tags: apps.require(request.appId).tags };
    },

    async appSetTags(request, context) {
      const { appId, tags } = request;
      checkAppWords({ tags });
      return await apps.exclusive(appId, () =>
        idempotency.once(context, { method: "AppSetTags", schema: EmptySchema }, async (trx) => {
          const app = { ...apps.requireOpen(appId), tags };
          await saveApp(trx, app);
          return { response: {}, committed: () => apps.put(app) };
        }),
      );
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

/** What clients said before there was a state to say. */
function stateBeforeAppState(request: { detach: boolean; initializing: boolean }): AppState {
  if (request.detach) return AppState.DETACHED;
  return request.initializing ? AppState.INITIALIZING : AppState.EPHEMERAL;
}

const reasonTexts: Record<AppDisconnectReason, string> = {
  [AppDisconnectReason.UNSPECIFIED]: "the client has disconnected",
  [AppDisconnectReason.LOCAL_EXCEPTION]: "the run failed",
  [AppDisconnectReason.KEYBOARD_INTERRUPT]: "the run was interrupted",
  [AppDisconnectReason.ENTRYPOINT_COMPLETED]: "the run has ended",
  [AppDisconnectReason.DEPLOYMENT_EXCEPTION]: "the deploy failed",
  [AppDisconnectReason.REMOTE_EXCEPTION]: "a call failed",
};

/** Clients newer than this server may have others. */
function reasonOf(reason: AppDisconnectReason): string {
  const known: Partial<typeof reasonTexts> = reasonTexts;
  return known[reason] ?? reasonTexts[AppDisconnectReason.UNSPECIFIED];
}
