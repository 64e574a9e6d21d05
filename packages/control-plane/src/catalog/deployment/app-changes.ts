import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { DeploymentType, type CommitInfo } from "@dorian/protocol/modal";
import type { CallContext } from "@dorian/protocol/service";
import type { Transaction } from "kysely";
import type { Idempotency } from "../../database/idempotency.ts";
import type { Tables } from "../../schema/tables.ts";
import type { AppContent } from "../app/app-content.ts";
import type { AppRegistry } from "../app/app-registry.ts";
import type { App } from "../app/app.ts";
import { nextVersion, saveVersion } from "../app/app-versions.ts";
import type { Deployment } from "../app/deployment.ts";
import type { Catalog } from "../function/function-catalog.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";
import { whereToLook } from "./app-description.ts";
import type { AppLifecycle } from "./app-lifecycle.ts";
import { publish, type Published } from "./publish.ts";

export interface TokenNames {
  get(tokenId: string): { name: string } | undefined;
}

export interface AppChangesOptions {
  apps: AppRegistry;
  functions: FunctionRegistry;
  catalog: Catalog;
  lifecycle: AppLifecycle;
  idempotency: Idempotency;
  nowMs: () => number;
  tokens: TokenNames;
}

/** How a version comes about, but for what the server adds. */
type Origin = Pick<Deployment, "type"> & {
  tag?: string;
  rollbackVersion?: number;
  clientVersion?: string;
  commitInfo?: CommitInfo | undefined;
};

/** Changes of what an app consists of: as a run, as a version that is staged, and as one that runs. */
export function appChanges(options: AppChangesOptions) {
  const { apps, functions, catalog, lifecycle, idempotency, nowMs, tokens } = options;

  /** Runs a change of an app after those before it, and once for all retries of the call. */
  async function change<M extends DescMessage>(
    appId: string,
    context: CallContext,
    call: { method: string; schema: M },
    work: (
      trx: Transaction<Tables>,
      app: App,
    ) => Promise<{ response: MessageInitShape<M>; published?: Published | undefined }>,
  ) {
    return await apps.exclusive(appId, () =>
      idempotency.once(context, call, async (trx) => {
        const { response, published } = await work(trx, apps.requireOpen(appId));
        return {
          response,
          committed: () => {
            lifecycle.seen(appId);
            if (!published) return;
            apps.put(published.app);
            for (const [functionId, each] of published.changes) functions.change(functionId, each);
            catalog.changed(published.affected);
          },
        };
      }),
    );
  }

  /** Names the token that somebody deploys with. */
  function nameOf(identity: CallContext["identity"]): string {
    return (identity.kind === "client" ? tokens.get(identity.tokenId)?.name : undefined) ?? "client";
  }

  function deploymentOf(context: CallContext, version: number, origin: Origin): Deployment {
    return {
      version,
      staged: origin.type === DeploymentType.STAGED,
      deployedAtMs: nowMs(),
      deployedBy: nameOf(context.identity),
      clientVersion: origin.clientVersion || (context.clientVersion ?? ""),
      tag: origin.tag ?? "",
      rollbackVersion: origin.rollbackVersion ?? 0,
      commitInfo: origin.commitInfo,
      type: origin.type,
    };
  }

  async function stage(
    trx: Transaction<Tables>,
    context: CallContext,
    app: App,
    content: AppContent,
    origin: Omit<Origin, "type">,
  ): Promise<void> {
    const version = await nextVersion(trx, app.appId, app.version);
    const deployment = deploymentOf(context, version, { ...origin, type: DeploymentType.STAGED });
    await saveVersion(trx, app.appId, deployment, content);
  }

  async function deploy(
    trx: Transaction<Tables>,
    context: CallContext,
    app: App,
    content: AppContent,
    origin: Origin & { name?: string; renew?: boolean },
  ): Promise<Published> {
    const version = await nextVersion(trx, app.appId, app.version);
    const published = await publish(trx, app, content, {
      functions,
      nowMs: nowMs(),
      version,
      deployAs: origin.name ?? "",
      ...(origin.renew === undefined ? {} : { renew: origin.renew }),
    });
    await saveVersion(trx, app.appId, deploymentOf(context, version, origin), content);
    return published;
  }

  const answerOf = ({ app }: Published, context: CallContext) => ({
    url: whereToLook(app.appId, context),
    deployedAt: (app.deployedAtMs ?? nowMs()) / 1000,
  });

  return { change, stage, deploy, answerOf };
}
