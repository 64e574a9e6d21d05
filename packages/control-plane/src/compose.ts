import { mkdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { GrpcServer, mountService } from "@dorian/protocol/grpc-server";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { WorkerService } from "@dorian/protocol/worker";
import { BlockStore } from "@dorian/storage/block-store";
import { LayerStore } from "@dorian/storage/layer-store";
import type { Logger } from "pino";
import { createAppHandlers } from "./app/app-handlers.ts";
import { AppLifecycle } from "./app/app-lifecycle.ts";
import { createBlobHandlers } from "./blob/blob-handlers.ts";
import { createBlobRoutes } from "./blob/blob-routes.ts";
import { loadRegistries } from "./catalog.ts";
import { createClassHandlers } from "./class/class-handlers.ts";
import { openDatabase } from "./database/database.ts";
import { Journal } from "./database/journal.ts";
import { createDispatch } from "./dispatch.ts";
import { createEnvironmentHandlers } from "./environment/environment-handlers.ts";
import { createFunctionHandlers } from "./function/function-handlers.ts";
import { startCollecting } from "./gc/garbage-loop.ts";
import { collectGarbage, type GarbageAges } from "./gc/collect-garbage.ts";
import { HttpServer } from "./http/http-server.ts";
import { SignedUrls } from "./http/signed-urls.ts";
import { createBuildRunner } from "./image/build-runner.ts";
import { ImageBuilds } from "./image/image-builds.ts";
import { createImageHandlers } from "./image/image-handlers.ts";
import { createMountHandlers } from "./mount/mount-handlers.ts";
import { createSecretHandlers } from "./secret/secret-handlers.ts";
import { createAuthenticator } from "./token/authenticate.ts";
import { openClientFile } from "./token/client-file.ts";
import { readDataDirectoryId } from "./token/data-directory-id.ts";
import { guard, modalPermissions, operatorPermissions, workerPermissions } from "./token/permissions.ts";
import { openServerKeys } from "./token/server-keys.ts";
import { FileUrls } from "./volume/file-urls.ts";
import { startSquashing } from "./volume/squash-loop.ts";
import { createVolumeFileHandlers } from "./volume/volume-file-handlers.ts";
import { createVolumeHandlers } from "./volume/volume-handlers.ts";

export interface ControlPlaneOptions {
  dataDirectory: string;
  version: string;
  /** `127.0.0.1:7070`; port 0 for any. */
  listen: string;
  /** Port for plain HTTP on the same host. Default: any. */
  httpPort?: number;
  /** Host name or address under which clients reach this machine. Default: where it listens. */
  publicHost?: string;
  logger: Logger;
  /** Milliseconds since 1970. Default: the clock. */
  now?: () => number;
  /** Default: 60 s. */
  heartbeatTimeoutMs?: number;
  /** How long a build goes on when nobody waits for it. Default: 5 s. */
  buildGraceMs?: number;
  /** Seconds that the commands of one image step may take. Default: 3 h. */
  buildTimeoutSecs?: number;
  /** Time for `@exit` when containers are stopped. Default: 30 s. */
  graceSecs?: number;
}

export interface ControlPlane extends AsyncDisposable {
  /** Where clients reach it, also told in the data directory's client.json. */
  readonly url: string;
  readonly httpPort: number;
  readonly modal: ServiceHandlers<typeof ModalClient>;
  readonly worker: ServiceHandlers<typeof WorkerService>;
  readonly operator: ServiceHandlers<typeof OperatorService>;
  /** Takes no new calls; resolves when the running ones have ended, or drops them when `signal` aborts. */
  drain(options: { signal: AbortSignal }): Promise<void>;
  /** Removes what nothing refers to, now. Returns the layers removed. */
  collectGarbage(ages: GarbageAges): Promise<string[]>;
}

/** Puts a control plane together on a data directory, goes on where the last one stopped, and listens. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataDirectory, logger, version } = options;
  const now = options.now ?? Date.now;
  const { host, port } = parseListen(options.listen);
  await using starting = new AsyncDisposableStack();

  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const db = await openDatabase(join(dataDirectory, "state.db"));
  starting.defer(() => db.destroy());
  const journal = starting.use(new Journal(db));
  const keys = await openServerKeys(dataDirectory);
  const layers = starting.use(await LayerStore.open(dataDirectory));
  const blocks = starting.use(await BlockStore.open(dataDirectory));
  const stores = { db, journal, layers, blocks };
  const registries = await loadRegistries(stores, keys);
  const { apps, blobs, catalog, classes, environments, functions, idempotency } = registries;
  const { images, mounts, secrets, volumes } = registries;
  starting.use(startSquashing({ volumes, layers, logger }));

  const http = starting.use(await HttpServer.listen({ host, port: options.httpPort ?? 0, logger }));
  const publicHost = options.publicHost ?? reachableHost(host);
  const urls = new SignedUrls({
    key: keys.urls,
    baseUrl: `http://${bracketed(publicHost)}:${http.port}`,
    now,
  });
  const fileUrls = new FileUrls({ urls, layers, blocks });
  http.use([...createBlobRoutes({ blobs, blocks, urls }), ...fileUrls.routes]);

  const dispatch = starting.use(
    await createDispatch({
      db,
      journal,
      catalog,
      apps: catalog,
      scheduling: catalog,
      dataDirectory,
      dataDirectoryId: await readDataDirectoryId(dataDirectory),
      version,
      logger,
      nowMs: now,
      ...(options.graceSecs === undefined ? {} : { graceSecs: options.graceSecs }),
    }),
  );
  const lifecycle = starting.use(
    new AppLifecycle({
      apps,
      functions,
      journal,
      catalog,
      tasks: dispatch.appTasks,
      onStopping: (appId) => builds.appEnded(appId),
      logger,
      now,
      heartbeatTimeoutMs: options.heartbeatTimeoutMs ?? 60_000,
    }),
  );
  const builds = starting.use(
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
        timeoutSecs: options.buildTimeoutSecs ?? 3 * 3600,
      }),
      functionTag: (functionId) => functions.require(functionId).tag,
      graceMs: options.buildGraceMs ?? 5_000,
      logger,
    }),
  );
  const garbage = { ...stores, ...registries, dataDirectory, builds };
  starting.use(startCollecting({ ...garbage, logger, now }));

  const imageHandlers = createImageHandlers({ db, images, builds, apps });
  const volumeHandlers = createVolumeHandlers({ volumes, environments, idempotency });
  const modal = guard(
    ModalClient,
    {
      ...dispatch.modal,
      ...createEnvironmentHandlers(environments),
      ...createAppHandlers({
        apps,
        classes,
        environments,
        layout: registries,
        catalog,
        lifecycle,
        tasks: dispatch.appTasks,
        idempotency,
        now,
      }),
      ...createFunctionHandlers({
        apps,
        functions,
        environments,
        references: registries,
        catalog,
        journal,
        idempotency,
      }),
      ...createClassHandlers({ apps, classes, functions, environments, idempotency }),
      ...createMountHandlers({ mounts, blobs, blocks }),
      ...createBlobHandlers({ blobs, urls }),
      ...createSecretHandlers({ secrets, apps, environments, idempotency }),
      ...imageHandlers.modal,
      ...volumeHandlers.modal,
      ...createVolumeFileHandlers({ volumes, layers, blocks, fileUrls, idempotency }),
    },
    modalPermissions,
  );
  const worker = guard(WorkerService, { ...dispatch.worker, ...volumeHandlers.worker }, workerPermissions);
  const operator = guard(
    OperatorService,
    { ...dispatch.operator, ...imageHandlers.operator, ...volumeHandlers.operator },
    operatorPermissions,
  );

  const tokens = await openClientFile(dataDirectory);
  const grpc = starting.use(
    await GrpcServer.listen({
      address: `${host.includes(":") ? `[${host}]` : host}:${port}`,
      services: [
        mountService(ModalClient, modal),
        mountService(WorkerService, worker),
        mountService(OperatorService, operator),
      ],
      authenticate: createAuthenticator(tokens),
      onInternalError: (error, method) => logger.error({ err: error, method }, "a call failed unexpectedly"),
    }),
  );
  const url = `http://${bracketed(publicHost)}:${grpc.port}`;
  await openClientFile(dataDirectory, url);
  lifecycle.start();
  const resources = starting.move();
  return {
    url,
    httpPort: http.port,
    modal,
    worker,
    operator,
    drain: ({ signal }) => grpc.drain({ signal }),
    collectGarbage: (ages) => collectGarbage(garbage, ages, now()),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function parseListen(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(listen.slice(colon + 1)) };
}

/** An address for a host that means all of them: the first that other machines see, else this machine alone. */
function reachableHost(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host;
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find((each) => !each.internal && each.family === "IPv4")?.address ?? "127.0.0.1";
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
