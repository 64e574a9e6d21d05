import type { Logger } from "pino";
import { environmentHandlers, type EnvironmentContents } from "../access/environment/environment-handlers.ts";
import type { Environments } from "../access/environment/environments.ts";
import type { SignedUrls } from "../access/http/signed-urls.ts";
import type { Reach } from "../access/permission/reach.ts";
import type { CommandTokens } from "../access/token/command-token.ts";
import type { Stores } from "../database/open-stores.ts";
import { commandAccessHandlers } from "../dispatch/exec/command-access.ts";
import type { Execs } from "../dispatch/exec/execs.ts";
import type { WorkerOffer } from "../dispatch/placement/placement.ts";
import type { AppTasks, WebAddresses, WorkerPool } from "../dispatch/ports.ts";
import type { Tasks } from "../dispatch/task/tasks.ts";
import { blobHandlers } from "./blob/blob-handlers.ts";
import { blobRoutes } from "./blob/blob-routes.ts";
import { classHandlers } from "./class/class-handlers.ts";
import { appHandlers } from "./deployment/app-handlers.ts";
import { AppLifecycle } from "./deployment/app-lifecycle.ts";
import { deploymentHandlers } from "./deployment/deployment-handlers.ts";
import type { TokenNames } from "./deployment/app-changes.ts";
import { layoutHandlers } from "./deployment/layout-handlers.ts";
import { dictHandlers } from "./dict/dict-handlers.ts";
import type { Catalog } from "./function/function-catalog.ts";
import { functionBindHandlers } from "./function/function-bind-handlers.ts";
import { functionHandlers } from "./function/function-handlers.ts";
import { functionLookupHandlers } from "./function/function-lookup-handlers.ts";
import { createBuildRunner } from "./image-build/build-runner.ts";
import { ImageBuilds } from "./image-build/image-builds.ts";
import { imageHandlers } from "./image-build/image-handlers.ts";
import { imageNameHandlers } from "./image-build/image-name-handlers.ts";
import { mountHandlers } from "./mount/mount-handlers.ts";
import type { PlatformMounts } from "./mount/platform-mounts.ts";
import { Lifetimes } from "./named-object/lifetimes.ts";
import { queueHandlers } from "./queue/queue-handlers.ts";
import type { Registries } from "./registries.ts";
import { sandboxHandlers } from "./sandbox/sandbox-handlers.ts";
import type { Sandboxes } from "./sandbox/sandboxes.ts";
import { secretHandlers } from "./secret/secret-handlers.ts";
import { FileUrls } from "./volume/file-urls.ts";
import { handoverHandlers, Handovers } from "./volume/handovers.ts";
import { startSquashing } from "./volume/squash-loop.ts";
import { volumeFileHandlers } from "./volume/volume-file-handlers.ts";
import { volumeHandlers } from "./volume/volume-handlers.ts";

export interface CatalogWingOptions {
  dataDirectory: string;
  stores: Stores;
  environments: Environments;
  /** Some live in one environment. */
  tokens: EnvironmentContents & TokenNames;
  commandTokens: CommandTokens;
  /** The server speaks TLS where it speaks plain text. */
  speaksTls: boolean;
  reach: Reach;
  registries: Registries;
  catalog: Catalog;
  platformMounts: PlatformMounts;
  sandboxes: Sandboxes;
  dispatch: {
    workerPool: WorkerPool;
    appTasks: AppTasks;
    tasks: Pick<Tasks, "get">;
    execs: Pick<Execs, "input">;
    /** What connected workers offer. */
    offers: () => readonly WorkerOffer[];
  };
  web: WebAddresses;
  urls: SignedUrls;
  /** How long a client may be silent before its app ends. */
  heartbeatTimeoutMs: number;
  /** How long a build goes on when nobody waits for it. */
  buildGraceMs: number;
  /** Seconds that the commands of one image step may take. */
  buildTimeoutSecs: number;
  logger: Logger;
  nowMs: () => number;
  elapsedMs: () => number;
}

/** What users make and name: apps, functions, images, volumes and the rest, with what happens to them by itself. */
export async function openCatalog(options: CatalogWingOptions) {
  const { stores, environments, reach, registries, catalog, sandboxes, dispatch, web, urls } = options;
  const { logger, nowMs, elapsedMs } = options;
  const { db, journal, layers, blocks, room } = stores;
  const { apps, blobs, classes, dicts, functions, idempotency, images, mounts, queues, secrets, volumes } =
    registries;
  const named = { ...registries, environments, web };
  await using opening = new AsyncDisposableStack();

  opening.use(startSquashing({ volumes, layers, room, logger }));
  const builds = opening.use(
    await ImageBuilds.open({
      db,
      journal,
      images,
      apps,
      layers,
      sources: {
        mountChecksum: (mountId) => mounts.require(mountId).checksum,
        secretName: (secretId) => secrets.buildName(secretId),
        loginName: (secretId) => secrets.loginName(secretId),
      },
      run: createBuildRunner({
        pool: dispatch.workerPool,
        functions,
        mounts,
        secrets,
        volumes,
        timeoutSecs: options.buildTimeoutSecs,
      }),
      functionTag: (functionId) => functions.require(functionId).tag,
      graceMs: options.buildGraceMs,
      room,
      nowMs,
      logger,
    }),
  );
  const lifecycle = opening.use(
    new AppLifecycle({
      apps,
      functions,
      journal,
      catalog,
      tasks: dispatch.appTasks,
      onStopping: (appId) => builds.appEnded(appId),
      logger,
      nowMs,
      heartbeatTimeoutMs: options.heartbeatTimeoutMs,
    }),
  );
  const lifetimes = opening.use(new Lifetimes({ kinds: [volumes, dicts, queues], apps, logger, elapsedMs }));
  const handovers = await Handovers.open({ dataDirectory: options.dataDirectory, blocks, room });
  const fileUrls = new FileUrls({ urls, layers, blocks, room });
  const objects = { apps, environments, lifetimes, idempotency, answers: registries.answers };
  const ofImages = imageHandlers({ db, images, builds, apps });
  const ofVolumes = volumeHandlers({ volumes, ...objects });
  const ofFunctions = { db, journal, ...named, catalog, references: named, nowMs, offers: dispatch.offers };

  const resources = opening.move();
  return {
    builds,
    lifetimes,
    lifecycle,
    routes: [...blobRoutes({ blobs, blocks, urls, room }), ...fileUrls.routes],
    modal: [
      environmentHandlers({
        environments,
        contents: [lifecycle, secrets, dicts, queues, volumes, options.tokens],
        reach,
      }),
      appHandlers({
        apps,
        environments,
        functions,
        lifecycle,
        tasks: dispatch.appTasks,
        idempotency,
        nowMs,
      }),
      layoutHandlers({ apps, layout: named }),
      deploymentHandlers({
        db,
        ...named,
        catalog,
        lifecycle,
        nowMs,
        offers: dispatch.offers,
        tokens: options.tokens,
      }),
      functionHandlers(ofFunctions),
      functionBindHandlers(ofFunctions),
      functionLookupHandlers(ofFunctions),
      classHandlers({ apps, classes, functions, environments, web, idempotency, nowMs }),
      mountHandlers({
        mounts,
        names: registries.mountNames,
        platform: options.platformMounts,
        environments,
        idempotency,
        blobs,
        blocks,
        room,
      }),
      blobHandlers({ blobs, urls, room, scopeOf: (caller) => reach.scopeOf(caller) }),
      commandAccessHandlers({
        tasks: dispatch.tasks,
        tokens: options.commandTokens,
        speaksTls: options.speaksTls,
        taskOfSandbox: (sandboxId) => sandboxes.require(sandboxId).task?.taskId ?? "",
      }),
      sandboxHandlers({
        sandboxes,
        execs: dispatch.execs,
        apps,
        references: named,
        functions,
        idempotency,
      }),
      secretHandlers({ secrets, apps, environments, idempotency }),
      ofImages.modal,
      imageNameHandlers({ journal, images, functions, environments }),
      ofVolumes.modal,
      volumeFileHandlers({ volumes, layers, blocks, blobs, fileUrls, idempotency }),
      dictHandlers({ dicts, ...objects }),
      queueHandlers({ queues, ...objects }),
    ] as const,
    worker: [ofVolumes.worker] as const,
    operator: [ofImages.operator, ofVolumes.operator, handoverHandlers({ volumes, handovers })] as const,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
