import type { Logger } from "pino";
import { createEnvironmentHandlers } from "../access/environment/environment-handlers.ts";
import type { SignedUrls } from "../access/http/signed-urls.ts";
import type { Access } from "../access/open-access.ts";
import type { Reach } from "../access/permission/reach.ts";
import type { Stores } from "../database/open-stores.ts";
import { commandAccessHandlers } from "../dispatch/exec/command-access.ts";
import { commandRouterHandlers } from "../dispatch/exec/command-router-handlers.ts";
import { containerExecHandlers } from "../dispatch/exec/container-exec-handlers.ts";
import type { Dispatch } from "../dispatch/open-dispatch.ts";
import type { WebAddresses } from "../dispatch/ports.ts";
import { createBlobHandlers } from "./blob/blob-handlers.ts";
import { createBlobRoutes } from "./blob/blob-routes.ts";
import { createClassHandlers } from "./class/class-handlers.ts";
import { createAppHandlers } from "./deployment/app-handlers.ts";
import { AppLifecycle } from "./deployment/app-lifecycle.ts";
import { createDeploymentHandlers } from "./deployment/deployment-handlers.ts";
import { createLayoutHandlers } from "./deployment/layout-handlers.ts";
import { createDictHandlers } from "./dict/dict-handlers.ts";
import type { Catalog } from "./function/function-catalog.ts";
import { createFunctionHandlers } from "./function/function-handlers.ts";
import { createBuildRunner } from "./image-build/build-runner.ts";
import { ImageBuilds } from "./image-build/image-builds.ts";
import { createImageHandlers } from "./image-build/image-handlers.ts";
import { createImageNameHandlers } from "./image-build/image-name-handlers.ts";
import { createMountHandlers } from "./mount/mount-handlers.ts";
import type { PlatformMounts } from "./mount/platform-mounts.ts";
import { Lifetimes } from "./named-object/lifetimes.ts";
import { createQueueHandlers } from "./queue/queue-handlers.ts";
import type { Registries } from "./registries.ts";
import { createSandboxHandlers } from "./sandbox/sandbox-handlers.ts";
import type { Sandboxes } from "./sandbox/sandboxes.ts";
import { createSecretHandlers } from "./secret/secret-handlers.ts";
import { FileUrls } from "./volume/file-urls.ts";
import { startSquashing } from "./volume/squash-loop.ts";
import { createVolumeFileHandlers } from "./volume/volume-file-handlers.ts";
import { createVolumeHandlers } from "./volume/volume-handlers.ts";

export interface CatalogWingOptions {
  stores: Stores;
  access: Access;
  reach: Reach;
  registries: Registries;
  catalog: Catalog;
  platformMounts: PlatformMounts;
  sandboxes: Sandboxes;
  dispatch: Dispatch;
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
  const { stores, access, reach, registries, catalog, sandboxes, dispatch, web, urls } = options;
  const { logger, nowMs: now, elapsedMs } = options;
  const { db, journal, layers, blocks, room } = stores;
  const { apps, blobs, classes, dicts, functions, idempotency, images, mounts, queues, secrets, volumes } =
    registries;
  const { environments } = access;
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
      now,
      heartbeatTimeoutMs: options.heartbeatTimeoutMs,
    }),
  );
  const lifetimes = opening.use(new Lifetimes({ kinds: [volumes, dicts, queues], apps, logger, elapsedMs }));
  const fileUrls = new FileUrls({ urls, layers, blocks, room });
  const objects = { apps, environments, lifetimes, idempotency, answers: registries.answers };
  const execOptions = {
    execs: dispatch.execs,
    secretEnv: (secretIds: readonly string[]) => secrets.env(secretIds),
  };
  const imageHandlers = createImageHandlers({ db, images, builds, apps });
  const volumeHandlers = createVolumeHandlers({ volumes, ...objects });

  const resources = opening.move();
  return {
    builds,
    lifetimes,
    lifecycle,
    routes: [...createBlobRoutes({ blobs, blocks, urls, room }), ...fileUrls.routes],
    modal: [
      createEnvironmentHandlers({
        environments,
        contents: [lifecycle, secrets, dicts, queues, volumes, access.tokens],
        reach,
      }),
      createAppHandlers({
        apps,
        environments,
        functions,
        lifecycle,
        tasks: dispatch.appTasks,
        idempotency,
        now,
      }),
      createLayoutHandlers({ apps, layout: named }),
      createDeploymentHandlers({ db, ...named, catalog, lifecycle, now, offers: () => dispatch.offers() }),
      createFunctionHandlers({ db, journal, ...named, catalog, references: named }),
      createClassHandlers({ apps, classes, functions, environments, web, idempotency }),
      createMountHandlers({
        mounts,
        names: registries.mountNames,
        platform: options.platformMounts,
        environments,
        idempotency,
        blobs,
        blocks,
        room,
      }),
      createBlobHandlers({ blobs, urls, room, environmentOf: (caller) => reach.environmentOf(caller) }),
      containerExecHandlers(execOptions),
      commandAccessHandlers({
        tasks: dispatch.tasks,
        tokens: access.commandTokens,
        speaksTls: access.tls !== undefined,
        taskOfSandbox: (sandboxId) => sandboxes.require(sandboxId).task?.taskId ?? "",
      }),
      createSandboxHandlers({ sandboxes, execs: dispatch.execs, apps, references: named, idempotency }),
      createSecretHandlers({ secrets, apps, environments, idempotency }),
      imageHandlers.modal,
      createImageNameHandlers({ journal, images, functions, environments }),
      volumeHandlers.modal,
      createVolumeFileHandlers({ volumes, layers, blocks, blobs, fileUrls, idempotency }),
      createDictHandlers({ dicts, ...objects }),
      createQueueHandlers({ queues, ...objects }),
    ] as const,
    worker: [volumeHandlers.worker] as const,
    operator: [imageHandlers.operator, volumeHandlers.operator] as const,
    commands: [commandRouterHandlers(execOptions)] as const,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
