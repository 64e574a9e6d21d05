import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isId } from "@dorian/base/ids";
import { wallClockMs } from "@dorian/base/wall-clock";
import { GrpcServer, mountService } from "@dorian/protocol/grpc-server";
import { createLocalClient } from "@dorian/protocol/local-client";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { RequestMemory } from "@dorian/protocol/request-memory";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { TaskCommandRouter } from "@dorian/protocol/task-command-router";
import { unservedCall } from "@dorian/protocol/unserved-calls";
import { WorkerService } from "@dorian/protocol/worker";
import { BlockStore } from "@dorian/storage/block-store";
import { LayerStore } from "@dorian/storage/layer-store";
import type { OnLeftover } from "@dorian/storage/set-aside";
import type { Logger } from "pino";
import { createAppHandlers } from "./catalog/deployment/app-handlers.ts";
import { AppLifecycle } from "./catalog/deployment/app-lifecycle.ts";
import { isOpen } from "./catalog/app/app.ts";
import { createDeploymentHandlers } from "./catalog/deployment/deployment-handlers.ts";
import { createLayoutHandlers } from "./catalog/deployment/layout-handlers.ts";
import { createAuditHandlers } from "./access/audit/audit-handlers.ts";
import { createBlobHandlers } from "./catalog/blob/blob-handlers.ts";
import { readBlob } from "./catalog/blob/read-blob.ts";
import { createBlobRoutes } from "./catalog/blob/blob-routes.ts";
import { loadRegistries } from "./catalog/registries.ts";
import { openBorder } from "./access/border.ts";
import { objectEnvironments } from "./catalog/object-environments.ts";
import { reachingTask } from "./dispatch/task/reaching-task.ts";
import { createClassHandlers } from "./catalog/class/class-handlers.ts";
import { openDatabase } from "./database/database.ts";
import { Journal, type JournalOptions } from "./database/journal.ts";
import { RecentAnswers } from "./database/recent-answers.ts";
import { createDictHandlers } from "./catalog/dict/dict-handlers.ts";
import { DictStore } from "./catalog/dict/dict-store.ts";
import { refuseGrowth } from "./database/disk/growing-calls.ts";
import { keepReserves } from "./database/disk/keep-reserves.ts";
import { watchRoom } from "./database/disk/watch-room.ts";
import { createDispatch } from "./dispatch/dispatch.ts";
import { createEnvironmentHandlers } from "./access/environment/environment-handlers.ts";
import { createFunctionHandlers } from "./catalog/function/function-handlers.ts";
import { createWebTargets } from "./catalog/function/web-targets.ts";
import { startCollecting } from "./gc/garbage-loop.ts";
import { collectGarbage, type GarbageAges } from "./gc/collect-garbage.ts";
import { HttpServer } from "./access/http/http-server.ts";
import { SignedUrls } from "./access/http/signed-urls.ts";
import { createBuildRunner } from "./catalog/image-build/build-runner.ts";
import { ImageBuilds } from "./catalog/image-build/image-builds.ts";
import { createImageNameHandlers } from "./catalog/image-build/image-name-handlers.ts";
import { createImageHandlers } from "./catalog/image-build/image-handlers.ts";
import { createMountHandlers } from "./catalog/mount/mount-handlers.ts";
import { openPlatformMounts, type PythonSupplies } from "./catalog/mount/open-platform-mounts.ts";
import { bracketed, parseListen, reachableHost } from "./listen-address.ts";
import { Lifetimes } from "./catalog/named-object/lifetimes.ts";
import { createQueueHandlers } from "./catalog/queue/queue-handlers.ts";
import { QueueStore } from "./catalog/queue/queue-store.ts";
import { commandAccessHandlers } from "./dispatch/exec/command-access.ts";
import { commandRouterHandlers } from "./dispatch/exec/command-router-handlers.ts";
import { containerExecHandlers } from "./dispatch/exec/container-exec-handlers.ts";
import { createSandboxHandlers } from "./catalog/sandbox/sandbox-handlers.ts";
import { Sandboxes } from "./catalog/sandbox/sandboxes.ts";
import { createSecretHandlers } from "./catalog/secret/secret-handlers.ts";
import { createAuthenticator } from "./access/token/authenticate.ts";
import { createAuthTokenHandlers } from "./access/token/auth-token-handlers.ts";
import { openClientFile } from "./access/token/client-file.ts";
import { CommandTokens } from "./access/token/command-token.ts";
import { readDataDirectoryId } from "./access/keys/data-directory-id.ts";
import { modalPermissions } from "./access/permission/modal-permissions.ts";
import {
  commandPermissions,
  operatorPermissions,
  workerPermissions,
} from "./access/permission/own-permissions.ts";
import { FailedAttempts } from "./access/token/failed-attempts.ts";
import { openServerKeys } from "./access/keys/server-keys.ts";
import { tokenFlowRoute } from "./access/token/token-flow-page.ts";
import { TokenFlows } from "./access/token/token-flows.ts";
import { createTokenHandlers } from "./access/token/token-handlers.ts";
import { Tokens } from "./access/token/tokens.ts";
import { openServerTls } from "./access/tls/open-server-tls.ts";
import type { TlsSettings } from "./access/tls/server-tls.ts";
import { FileUrls } from "./catalog/volume/file-urls.ts";
import { startSquashing } from "./catalog/volume/squash-loop.ts";
import { createVolumeFileHandlers } from "./catalog/volume/volume-file-handlers.ts";
import { createVolumeHandlers } from "./catalog/volume/volume-handlers.ts";
import { createProxyTokenHandlers } from "./web/proxy-token-handlers.ts";
import { ProxyTokens } from "./web/proxy-tokens.ts";
import { WebFront, type WebSettings } from "./web/web-front.ts";
import { listenForWorker } from "./dispatch/fleet/worker-socket.ts";

export interface ControlPlaneOptions {
  dataDirectory: string;
  version: string;
  /** `127.0.0.1:7070`; port 0 for any. */
  listen: string;
  /** Port for plain HTTP on the same host. Default: any. */
  httpPort?: number;
  /** Host name or address under which clients reach this machine. Default: where it listens. */
  publicHost?: string;
  /** Default: plain text alone. */
  tls?: TlsSettings | undefined;
  /** With TLS: take plain text from other machines as well. */
  plaintextFromElsewhere?: boolean;
  web?: WebSettings;
  logger: Logger;
  /** Milliseconds since 1970. Default: the clock. */
  now?: () => number;
  /** Milliseconds on a clock that nobody sets, for judging silence. Default: `performance.now`. */
  elapsedMs?: () => number;
  /** Default: 60 s. */
  heartbeatTimeoutMs?: number;
  /** How long a build goes on when nobody waits for it. Default: 5 s. */
  buildGraceMs?: number;
  /** Seconds that the commands of one image step may take. Default: 3 h. */
  buildTimeoutSecs?: number;
  /** Where what Python apps need is got from. Default: nowhere. */
  supplies?: PythonSupplies;
  /** Time for `@exit` when containers are stopped. Default: 30 s. */
  graceSecs?: number;
  /** Of the data directory's file system, kept for work that was accepted. Default: a part of it. */
  reserveDiskBytes?: number | undefined;
  /** What all calls may fill on disk before the oldest go. Default: 8 GiB. */
  callBytes?: number;
  /** Calls of what no worker can ever run fail instead of waiting. */
  failFast?: boolean;
  /** Told when memory and disk may differ: the process has to end. Default: an exception that nobody catches. */
  onStorageBroken?: JournalOptions["onBroken"];
}

export interface ControlPlane extends AsyncDisposable {
  /** Where clients reach it, also told in the data directory's client.json. */
  readonly url: string;
  readonly httpPort: number;
  readonly modal: ServiceHandlers<typeof ModalClient>;
  readonly worker: ServiceHandlers<typeof WorkerService>;
  readonly operator: ServiceHandlers<typeof OperatorService>;
  /** Takes no new web requests; resolves when the running ones are answered, or drops them when `signal` aborts. */
  drainWeb(options: { signal: AbortSignal }): Promise<void>;
  /** Takes no new calls; resolves when the running ones have ended, or drops them when `signal` aborts. */
  drain(options: { signal: AbortSignal }): Promise<void>;
  /** Removes volumes, dicts and queues without a name that nobody uses any more, now. */
  removeUnused(): Promise<void>;
  /** Removes what nothing refers to, now. Returns the layers removed. */
  collectGarbage(ages: GarbageAges): Promise<string[]>;
}

/** Puts a control plane together on a data directory, goes on where the last one stopped, and listens. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataDirectory, logger, version } = options;
  const now = options.now ?? wallClockMs;
  const elapsedMs = options.elapsedMs ?? (() => performance.now());
  const { host, port } = parseListen(options.listen);
  await using starting = new AsyncDisposableStack();

  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const reserveBytes = options.reserveDiskBytes;
  const room = starting.use(watchRoom({ directory: dataDirectory, reserveBytes, logger }));
  const refuse = refuseGrowth(room);
  const db = await openDatabase(join(dataDirectory, "state.db"));
  starting.defer(() => db.destroy());
  const journal = starting.use(new Journal(db, { onBroken: options.onStorageBroken }));
  starting.use(keepReserves({ dataDirectory, db, journal, room, logger }));
  const keys = await openServerKeys(dataDirectory);
  const onLeftover: OnLeftover = ({ path, error }) =>
    logger.warn(
      { path, err: error },
      "could not remove what is not needed any more; the next start tries again",
    );
  const layers = starting.use(await LayerStore.open(dataDirectory, { onLeftover }));
  const blocks = starting.use(await BlockStore.open(dataDirectory, { onLeftover }));
  const stores = { db, journal, layers, blocks };
  const publicHost = options.publicHost ?? reachableHost(host);
  const tls =
    options.tls &&
    starting.use(
      await openServerTls({
        settings: options.tls,
        dataDirectory,
        dataDirectoryId: await readDataDirectoryId(dataDirectory),
        names: [publicHost, ...(options.web?.domain === undefined ? [] : [`*.${options.web.domain}`])],
        plaintextFromElsewhere: options.plaintextFromElsewhere ?? false,
        logger,
        now,
      }),
    );
  const scheme = tls ? "https" : "http";
  const webFront = starting.use(
    await WebFront.open({
      db,
      host,
      publicHost: bracketed(publicHost),
      tls,
      settings: options.web ?? {},
      isOpen: (appId) => {
        const app = registries.apps.get(appId);
        return app !== undefined && isOpen(app);
      },
      labelPrefix: (scope) => environments.all().find((each) => each.scope === scope)?.webSuffix ?? scope,
      logger,
      now,
    }),
  );
  const registries = await loadRegistries(stores, keys, {
    web: webFront.addresses,
    refuse,
    platformMounts: {
      bytecodeMount: (wanted) => platformMounts.bytecodeMount(wanted),
      dependencyMount: (wanted) => platformMounts.dependencyMount(wanted),
    },
  });
  const { apps, blobs, catalog, classes, environments, functions, idempotency, web } = registries;
  const { images, mountNames, mounts, secrets, volumes } = registries;
  const platformMounts = starting.use(
    await openPlatformMounts({
      ...stores,
      mounts,
      names: mountNames,
      dataDirectory,
      logger,
      ...options.supplies,
    }),
  );
  starting.use(startSquashing({ volumes, layers, room, logger }));

  const http = starting.use(await HttpServer.listen({ host, port: options.httpPort ?? 0, tls, logger }));
  const urls = new SignedUrls({
    key: keys.urls,
    baseUrl: `${scheme}://${bracketed(publicHost)}:${http.port}`,
    now,
    credentialOf: (callerId) =>
      isId("ta", callerId) ? dispatch.tasks.get(callerId)?.credential : tokens.live(callerId)?.credential,
  });
  const client = await openClientFile(dataDirectory);
  const tokens = starting.use(
    await Tokens.load({
      db,
      journal,
      own: client,
      now,
      onError: (error) => logger.error({ err: error }, "the use of a token could not be written down"),
    }),
  );
  const tokenFlows = new TokenFlows({ tokens, now: elapsedMs });
  const tokenHandlers = createTokenHandlers({
    tokens,
    flows: tokenFlows,
    environments,
    now,
    dataDirectoryId: await readDataDirectoryId(dataDirectory),
    baseUrl: urls.baseUrl,
  });
  const fileUrls = new FileUrls({ urls, layers, blocks, room });
  const dispatch = starting.use(
    await createDispatch({
      db,
      journal,
      catalog,
      apps: catalog,
      scheduling: catalog,
      readBlob: (blobId) => readBlob(blobId, { blobs, blocks }),
      httpPort: http.port,
      webPorts: webFront.ports,
      dataDirectory,
      dataDirectoryId: await readDataDirectoryId(dataDirectory),
      version,
      room,
      logger,
      nowMs: now,
      elapsedMs,
      ...(options.graceSecs === undefined ? {} : { graceSecs: options.graceSecs }),
      failFast: options.failFast ?? false,
      ...(options.callBytes === undefined ? {} : { callBytes: options.callBytes }),
    }),
  );
  http.use([
    ...createBlobRoutes({ blobs, blocks, urls, room }),
    ...fileUrls.routes,
    tokenFlowRoute(tokenFlows),
  ]);
  const proxyTokens = await ProxyTokens.load({
    db,
    journal,
    now,
    isLive: (id) => tokens.live(id) !== undefined,
  });
  tokens.onEnd(({ tokenId }) => {
    dispatch.execs.tokenEnded(tokenId);
    proxyTokens.makerEnded(tokenId).catch((error: unknown) => {
      logger.error({ err: error, tokenId }, "proxy tokens of an ended token could not be removed");
    });
  });
  webFront.serve({
    targets: createWebTargets({ apps, functions }),
    ...dispatch.web,
    tokens: proxyTokens,
    async bind(functionId, serializedParams) {
      const local = createLocalClient(ModalClient, modal, { kind: "client", tokenId: client.tokenId });
      return (await local.functionBindParams({ functionId, serializedParams })).boundFunctionId;
    },
  });
  starting.use(webFront);
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
      room,
      logger,
    }),
  );
  const garbage = { ...stores, ...registries, dataDirectory, builds, tasks: dispatch.tasks };
  starting.use(startCollecting({ ...garbage, room, logger, now }));

  const sandboxes = new Sandboxes({
    tasks: dispatch.tasks,
    execs: dispatch.execs,
    catalog,
    nowMs: now,
    elapsedMs,
  });
  const commandTokens = new CommandTokens({ key: keys.tokens, nowMs: now });
  const execOptions = {
    execs: dispatch.execs,
    secretEnv: (secretIds: readonly string[]) => secrets.env(secretIds),
  };
  const answers = starting.use(await RecentAnswers.load({ db, journal, refuse }));
  const dicts = await DictStore.load({ db, journal });
  const queues = starting.use(await QueueStore.load({ db, journal, now }));
  const lifetimes = starting.use(
    new Lifetimes({
      kinds: [volumes, dicts, queues],
      apps,
      logger,
      elapsedMs,
    }),
  );
  const objectOptions = { apps, environments, lifetimes, idempotency, answers };
  const { reach, auditLog, admit, guard } = await openBorder({
    db,
    journal,
    environments,
    environmentOf: objectEnvironments({
      ...registries,
      dicts: dicts.objects,
      queues: queues.objects,
      appOfWork: async (id) => (isId("sb", id) ? sandboxes.get(id)?.appId : await dispatch.appOfWork(id)),
    }),
    blobMaker: (blobId) => blobs.ownerOf(blobId)?.createdBy,
    tokens,
    task(taskId) {
      const task = dispatch.tasks.get(taskId);
      return task && reachingTask(task);
    },
    appEnvironment: (appId) => apps.get(appId)?.environment,
    logger,
    now,
    elapsedMs,
  });
  const imageHandlers = {
    ...createImageHandlers({ db, images, builds, apps }),
    names: createImageNameHandlers({ journal, images, functions, environments }),
  };
  const volumeHandlers = createVolumeHandlers({ volumes, ...objectOptions });
  const modal = guard(
    ModalClient,
    {
      ...dispatch.modal,
      ...createEnvironmentHandlers({
        environments,
        contents: [lifecycle, secrets, dicts, queues, volumes, tokens],
        reach,
      }),
      ...createAppHandlers({
        apps,
        environments,
        functions,
        lifecycle,
        tasks: dispatch.appTasks,
        idempotency,
        now,
      }),
      ...createLayoutHandlers({ apps, layout: registries }),
      ...createDeploymentHandlers({ db, ...registries, lifecycle, now, offers: () => dispatch.offers() }),
      ...createFunctionHandlers({ db, journal, ...registries, references: registries }),
      ...createClassHandlers({ apps, classes, functions, environments, web, idempotency }),
      ...createMountHandlers({
        mounts,
        names: mountNames,
        platform: platformMounts,
        environments,
        idempotency,
        blobs,
        blocks,
        room,
      }),
      ...createBlobHandlers({ blobs, urls, room, environmentOf: (caller) => reach.environmentOf(caller) }),
      ...tokenHandlers.modal,
      ...createProxyTokenHandlers({ tokens: proxyTokens, environments, idempotency }),
      ...createAuthTokenHandlers({ key: keys.tokens, now }),
      ...createAuditHandlers({ log: auditLog, environments, workspaceId: tokenHandlers.workspaceId }),
      ...containerExecHandlers(execOptions),
      ...commandAccessHandlers({
        tasks: dispatch.tasks,
        tokens: commandTokens,
        speaksTls: tls !== undefined,
        taskOfSandbox: (sandboxId) => sandboxes.require(sandboxId).task?.taskId ?? "",
      }),
      ...createSandboxHandlers({
        sandboxes,
        execs: dispatch.execs,
        apps,
        references: registries,
        idempotency,
      }),
      ...createSecretHandlers({ secrets, apps, environments, idempotency }),
      ...imageHandlers.modal,
      ...imageHandlers.names,
      ...volumeHandlers.modal,
      ...createVolumeFileHandlers({ volumes, layers, blocks, blobs, fileUrls, idempotency }),
      ...createDictHandlers({ dicts, ...objectOptions }),
      ...createQueueHandlers({ queues, ...objectOptions }),
    },
    modalPermissions,
  );
  const worker = guard(WorkerService, { ...dispatch.worker, ...volumeHandlers.worker }, workerPermissions);
  const operator = guard(
    OperatorService,
    {
      ...dispatch.operator,
      ...imageHandlers.operator,
      ...volumeHandlers.operator,
      ...tokenHandlers.operator,
    },
    operatorPermissions,
  );

  const commands = guard(TaskCommandRouter, commandRouterHandlers(execOptions), commandPermissions);

  const callOptions = {
    authenticate: createAuthenticator({
      own: client,
      tokens,
      commandTokens,
      attempts: new FailedAttempts({ now: elapsedMs }),
    }),
    onInternalError: (error: unknown, method: string) =>
      logger.error({ err: error, method }, "a call failed unexpectedly"),
    admit,
    memory: new RequestMemory(),
    refusalOf: unservedCall,
  };
  const grpc = starting.use(
    await GrpcServer.listen({
      ...callOptions,
      tls,
      address: `${host.includes(":") ? `[${host}]` : host}:${port}`,
      services: [
        mountService(ModalClient, modal),
        mountService(WorkerService, worker),
        mountService(OperatorService, operator),
        mountService(TaskCommandRouter, commands),
      ],
    }),
  );
  const workerSocket = starting.use(
    await listenForWorker(dataDirectory, {
      ...callOptions,
      services: [mountService(ModalClient, modal), mountService(WorkerService, worker)],
    }),
  );
  const url = `${scheme}://${bracketed(publicHost)}:${grpc.port}`;
  await openClientFile(dataDirectory, {
    url,
    localHost: ["0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host,
    trust: tls?.trust,
  });
  lifecycle.start();
  const resources = starting.move();
  return {
    url,
    httpPort: http.port,
    modal,
    worker,
    operator,
    drainWeb: ({ signal }) => webFront.drain({ signal }),
    async drain({ signal }) {
      await Promise.all([grpc.drain({ signal }), workerSocket?.drain({ signal })]);
    },
    removeUnused: () => lifetimes.sweep(),
    collectGarbage: (ages) => collectGarbage(garbage, { ages, now: now(), released: new Set() }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
