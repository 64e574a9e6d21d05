import { checkAppWords } from "../app/app-words.ts";
import { AppError } from "@dorian/base/app-error";
import {
  AppDeployResponseSchema,
  AppPromoteResponseSchema,
  AppPublishResponseSchema,
  AppRollbackResponseSchema,
  AppRolloverResponseSchema,
  AppState,
  DeploymentType,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { Transaction } from "kysely";
import type { ClassRegistry } from "../class/class-registry.ts";
import type { Database } from "../../database/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { isMethodAlias } from "../function/method-alias.ts";
import type { ImageRegistry } from "../image/image-registry.ts";
import { contentOf, liveContent } from "./named-content.ts";
import type { App } from "../app/app.ts";
import { titleOf } from "../app/app-registry.ts";
import { contentOfVersion, deploymentsOf, removeVersion, versionForgotten } from "../app/app-versions.ts";
import { appChanges, type AppChangesOptions } from "./app-changes.ts";
import { whereToLook } from "./app-description.ts";
import { publish } from "./publish.ts";
import { roomWarnings } from "../function/room-warnings.ts";
import type { WorkerOffer } from "../../dispatch/placement/placement.ts";
import { rollbackTarget } from "./rollback-target.ts";

export interface DeploymentHandlerOptions extends AppChangesOptions {
  db: Database;
  classes: ClassRegistry;
  images: Pick<ImageRegistry, "get">;
  /** What connected workers offer. */
  offers: () => readonly WorkerOffer[];
}

/** Calls that make something the version of an app that runs. */
export function deploymentHandlers(options: DeploymentHandlerOptions) {
  const { db, apps, classes, functions, images, catalog, nowMs, offers } = options;
  const { change, stage, deploy, answerOf } = appChanges(options);

  /** What a version consisted of. @throws AppError APP_VERSION_NOT_FOUND, APP_VERSION_FORGOTTEN also when an image has gone */
  async function wholeContent(trx: Transaction<Tables>, appId: string, version: number) {
    const content = await contentOfVersion(trx, appId, version);
    for (const { definition } of content.definitions.values())
      if (!isMethodAlias(definition) && !images.get(definition.imageId)) throw versionForgotten(version);
    return content;
  }

  return {
    async appPublish(request, context) {
      checkAppWords({ tags: request.tags });
      const call = { method: "AppPublish", schema: AppPublishResponseSchema };
      const response = await change(request.appId, context, call, async (trx, app) => {
        const content = contentOf(app, request, { functions, classes });
        const { deploymentTag: tag, commitInfo, clientVersion } = request;
        const origin = { tag, commitInfo, clientVersion };
        if (request.staged) {
          await stage(trx, context, app, content, origin);
          return { response: { url: whereToLook(app.appId, context), deployedAt: nowMs() / 1000 } };
        }
        if (request.appState !== AppState.DEPLOYED) {
          const run = { functions, nowMs: nowMs(), version: app.version + 1, deployAs: undefined };
          const published = await publish(trx, app, content, run);
          return { response: answerOf(published, context), published };
        }
        const published = await deploy(trx, context, app, content, {
          ...origin,
          name: request.name,
          type: DeploymentType.STANDARD,
        });
        return { response: answerOf(published, context), published };
      });
      const specs = Object.values(request.functionIds).flatMap(
        (functionId) => catalog.spec(functionId) ?? [],
      );
      return { ...response, serverWarnings: roomWarnings(specs, offers()) };
    },

    // Clients before 0.64 first say what a deployment consists of, then its name: until then it is staged.
    async appSetObjects(request, context) {
      const call = { method: "AppSetObjects", schema: EmptySchema };
      return await change(request.appId, context, call, async (trx, app) => {
        const ids = Object.entries(request.indexedObjectIds);
        const named = {
          functionIds: Object.fromEntries(ids.filter(([, id]) => id.startsWith("fu-"))),
          classIds: Object.fromEntries(ids.filter(([, id]) => id.startsWith("cs-"))),
          objectIds: Object.fromEntries(ids.filter(([, id]) => /^(di|qu|vo)-/.test(id))),
          definitionIds: {},
          tags: {},
        };
        const content = contentOf(app, named, { functions, classes });
        const isDeployment =
          request.newAppState === AppState.UNSPECIFIED &&
          (app.state === AppState.INITIALIZING || app.state === AppState.DEPLOYED);
        if (isDeployment) {
          await stage(trx, context, app, content, {});
          return { response: {} };
        }
        const run = { functions, nowMs: nowMs(), version: app.version + 1, deployAs: undefined };
        return { response: {}, published: await publish(trx, app, content, run) };
      });
    },

    async appDeploy(request, context) {
      const call = { method: "AppDeploy", schema: AppDeployResponseSchema };
      return await change(request.appId, context, call, async (trx, app) => {
        const [newest] = await deploymentsOf(trx, app.appId);
        if (!newest?.staged) {
          throw new AppError(
            "APP_NOTHING_TO_DEPLOY",
            `Nothing new was created for the app ${titleOf(app)}.`,
            {
              remedy: "Deploy it from its code.",
            },
          );
        }
        const content = await contentOfVersion(trx, app.appId, newest.version);
        await removeVersion(trx, app.appId, newest.version);
        const published = await deploy(trx, context, app, content, {
          name: request.name,
          tag: request.tag,
          type: DeploymentType.STANDARD,
        });
        return { response: { url: whereToLook(app.appId, context) }, published };
      });
    },

    async appDeploymentHistory(request) {
      const app = apps.require(request.appId);
      const deployments = await deploymentsOf(db, app.appId);
      return {
        productionAppVersion: app.version,
        appDeploymentHistories: deployments.map((each) => ({
          appId: app.appId,
          version: each.version,
          clientVersion: each.clientVersion,
          deployedAt: each.deployedAtMs / 1000,
          deployedBy: each.deployedBy,
          tag: each.tag,
          rollbackVersion: each.rollbackVersion,
          rollbackAllowed: each.kept && !each.staged && each.version !== app.version,
          deploymentType: each.type,
          ...(each.commitInfo ? { commitInfo: each.commitInfo } : {}),
        })),
      };
    },

    async appRollback(request, context) {
      const call = { method: "AppRollback", schema: AppRollbackResponseSchema };
      return await change(request.appId, context, call, async (trx, app) => {
        requireDeployed(app);
        const version = await rollbackTarget(trx, app, request.version);
        const content = await wholeContent(trx, app.appId, version);
        const origin = { type: DeploymentType.ROLLBACK, rollbackVersion: version };
        const published = await deploy(trx, context, app, content, origin);
        return { response: answerOf(published, context), published };
      });
    },

    async appRollover(request, context) {
      const call = { method: "AppRollover", schema: AppRolloverResponseSchema };
      return await change(request.appId, context, call, async (trx, app) => {
        requireDeployed(app);
        const content = liveContent(app, functions);
        const origin = { type: DeploymentType.ROLLOVER, renew: true };
        const published = await deploy(trx, context, app, content, origin);
        return { response: answerOf(published, context), published };
      });
    },

    async appPromote(request, context) {
      const call = { method: "AppPromote", schema: AppPromoteResponseSchema };
      return await change(request.appId, context, call, async (trx, app) => {
        requireDeployed(app);
        const content = await wholeContent(trx, app.appId, request.version);
        if (!content.deployment.staged) {
          throw new AppError(
            "APP_VERSION_NOT_STAGED",
            `Version ${request.version} was deployed, not staged.`,
            {
              remedy: "Go back to it with `dorian app rollback`.",
            },
          );
        }
        const origin = { type: DeploymentType.PROMOTION, rollbackVersion: request.version };
        const published = await deploy(trx, context, app, content, origin);
        return { response: answerOf(published, context), published };
      });
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function requireDeployed(app: App): void {
  if (app.state === AppState.DEPLOYED) return;
  throw new AppError("APP_NOT_DEPLOYED", `The app ${titleOf(app)} is not deployed.`, {
    remedy: "Deploy it first.",
  });
}
