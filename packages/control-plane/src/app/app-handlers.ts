import { newId } from "@dorian/base/ids";
import {
  AppCreateResponseSchema,
  AppDisconnectReason,
  AppPublishResponseSchema,
  AppState,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { ClassRegistry } from "../class/class-registry.ts";
import type { Idempotency } from "../database/idempotency.ts";
import type { Environments } from "../environment/environments.ts";
import type { Catalog } from "../function/function-catalog.ts";
import type { AppTasks } from "../ports.ts";
import { appLayout, type LayoutSources } from "./app-layout.ts";
import { disconnectReason, type AppLifecycle } from "./app-lifecycle.ts";
import { isOpen, type App } from "./app.ts";
import { saveApp, type AppRegistry } from "./app-registry.ts";
import { publish } from "./publish.ts";

export interface AppHandlerOptions {
  apps: AppRegistry;
  classes: ClassRegistry;
  environments: Environments;
  layout: LayoutSources;
  catalog: Catalog;
  lifecycle: AppLifecycle;
  tasks: AppTasks;
  idempotency: Idempotency;
  now: () => number;
}

/** How long a stopped app is still listed. */
const listedMs = 24 * 60 * 60_000;

export function createAppHandlers(options: AppHandlerOptions) {
  const { apps, classes, environments, layout, catalog, lifecycle, tasks, idempotency, now } = options;

  return {
    async appCreate(request, context) {
      const app: App = {
        appId: newId("ap"),
        environment: environments.require(request.environmentName).name,
        name: undefined,
        description: request.description,
        state: request.appState || AppState.EPHEMERAL,
        version: 0,
        functionIds: new Map(),
        classIds: new Map(),
        tags: request.tags,
        createdAt: now(),
        deployedAt: undefined,
        stoppedAt: undefined,
        stopReason: "",
      };
      return await idempotency.once(
        context,
        { method: "AppCreate", schema: AppCreateResponseSchema },
        async (trx) => {
          await saveApp(trx, app);
          return {
            response: { appId: app.appId },
            committed: () => {
              apps.put(app);
              lifecycle.seen(app.appId);
            },
          };
        },
      );
    },

    async appGetByDeploymentName(request) {
      const environment = environments.require(request.environmentName).name;
      const app = apps.deployed(environment, request.name);
      return {
        environmentName: environment,
        ...(app ? { appId: app.appId, lifecycle: lifecycleOf(app) } : {}),
      };
    },

    async appGetLayout(request) {
      return { appLayout: appLayout(layout, apps.require(request.appId), { unpublished: false }) };
    },

    async appHeartbeat(request) {
      apps.requireOpen(request.appId);
      lifecycle.seen(request.appId);
      return {};
    },

    async appPublish(request, context) {
      return await apps.exclusive(request.appId, () =>
        idempotency.once(context, { method: "AppPublish", schema: AppPublishResponseSchema }, async (trx) => {
          const app = apps.requireOpen(request.appId);
          const { functions } = layout;
          const published = await publish(trx, app, request, { functions, classes, now: now() });
          return {
            response: { url: "", deployedAt: (published.app.deployedAt ?? now()) / 1000 },
            committed: () => {
              apps.put(published.app);
              lifecycle.seen(request.appId);
              for (const [functionId, change] of published.changes) functions.change(functionId, change);
              catalog.changed(published.affected);
            },
          };
        }),
      );
    },

    async appClientDisconnect(request) {
      const app = apps.require(request.appId);
      if (!isOpen(app)) return {};
      const reason = disconnectReason(reasonTexts[request.reason], request.exception);
      await lifecycle.disconnect(app, reason);
      return {};
    },

    async appStop(request) {
      const { stopped } = await lifecycle.stop(request.appId, "it was stopped on request");
      await stopped;
      return {};
    },

    async appList(request) {
      const environment = environments.require(request.environmentName).name;
      const listed = [...apps.all()]
        .filter((app) => app.environment === environment)
        .filter((app) => app.stoppedAt === undefined || now() - app.stoppedAt < listedMs)
        .toSorted((a, b) => b.createdAt - a.createdAt);
      return {
        apps: listed.map((app) => ({
          appId: app.appId,
          description: app.description,
          state: app.state,
          createdAt: app.createdAt / 1000,
          stoppedAt: (app.stoppedAt ?? 0) / 1000,
          nRunningTasks: tasks.runningTaskCount(app.appId),
          name: app.name ?? "",
        })),
      };
    },

    async appGetLifecycle(request) {
      return { lifecycle: lifecycleOf(apps.require(request.appId)) };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

const reasonTexts: Record<AppDisconnectReason, string> = {
  [AppDisconnectReason.UNSPECIFIED]: "the client has disconnected",
  [AppDisconnectReason.LOCAL_EXCEPTION]: "the run failed",
  [AppDisconnectReason.KEYBOARD_INTERRUPT]: "the run was interrupted",
  [AppDisconnectReason.ENTRYPOINT_COMPLETED]: "the run has ended",
  [AppDisconnectReason.DEPLOYMENT_EXCEPTION]: "the deploy failed",
  [AppDisconnectReason.REMOTE_EXCEPTION]: "a call failed",
};

function lifecycleOf(app: App) {
  return {
    appState: app.state,
    createdAt: app.createdAt / 1000,
    createdBy: "client",
    deployedAt: (app.deployedAt ?? 0) / 1000,
    deployedBy: app.deployedAt === undefined ? "" : "client",
    version: app.version,
    stoppedAt: (app.stoppedAt ?? 0) / 1000,
    stoppedBy: app.stopReason,
  };
}
