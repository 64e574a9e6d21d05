import { isId } from "@dorian/base/ids";
import { steadyClockMs } from "@dorian/base/steady-clock";
import { wallClockMs } from "@dorian/base/wall-clock";
import { GuestService } from "@dorian/protocol/guest";
import { mountService } from "@dorian/protocol/server/grpc-server";
import type { KeptSockets } from "@dorian/protocol/listener/kept-sockets";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { RequestMemory } from "@dorian/protocol/memory/request-memory";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { TaskCommandRouter } from "@dorian/protocol/task-command-router";
import { unservedCall } from "@dorian/protocol/error/unserved-calls";
import { WorkerService } from "@dorian/protocol/worker";
import type { Logger } from "pino";
import { createBorder } from "./access/border.ts";
import { combine } from "./access/combine.ts";
import { SignedUrls } from "./access/http/signed-urls.ts";
import { bracketed, parseListen, reachableHost } from "./access/listen-address.ts";
import { openAccess } from "./access/open-access.ts";
import { modalPermissions } from "./access/permission/modal-permissions.ts";
import {
  commandPermissions,
  guestPermissions,
  operatorPermissions,
  workerPermissions,
} from "./access/permission/own-permissions.ts";
import type { TlsSettings } from "./access/tls/server-tls.ts";
import { isOpen } from "./catalog/app/app.ts";
import type { PythonSupplies } from "./catalog/mount/open-platform-mounts.ts";
import { objectScopes } from "./catalog/object-scopes.ts";
import { openCatalog } from "./catalog/open-catalog.ts";
import { openFunctions } from "./catalog/open-functions.ts";
import { loadRegistries } from "./catalog/registries.ts";
import { Sandboxes } from "./catalog/sandbox/sandboxes.ts";
import type { JournalOptions } from "./database/journal.ts";
import { openStores } from "./database/open-stores.ts";
import { openDispatch } from "./dispatch/open-dispatch.ts";
import { reachingTask } from "./dispatch/task/reaching-task.ts";
import type { GarbageAges } from "./gc/collect-garbage.ts";
import { startCollecting } from "./gc/garbage-loop.ts";
import { stateCopyHandlers } from "./gc/state-copy.ts";
import { listen } from "./listen.ts";
import { openWeb } from "./web/open-web.ts";
import { WebFront, type WebSettings } from "./web/web-front.ts";

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
  /** Keeps what it listens on. Default: that ends with this process. */
  sockets?: KeptSockets | undefined;
  logger: Logger;
  /** Milliseconds since 1970. Default: the clock. */
  nowMs?: () => number;
  /** Milliseconds on a clock that nobody sets, for judging silence. Default: `steadyClockMs`. */
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
  /** Room on the data directory's file system that is kept for work that was accepted. Default: a part of it. */
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
export async function openControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataDirectory, logger, sockets } = options;
  const clocks = {
    nowMs: options.nowMs ?? wallClockMs,
    elapsedMs: options.elapsedMs ?? steadyClockMs,
  };
  const { host, port } = parseListen(options.listen);
  const publicHost = options.publicHost ?? reachableHost(host);
  const webSettings = options.web ?? {};
  await using starting = new AsyncDisposableStack();

  const stores = starting.use(
    await openStores({
      dataDirectory,
      version: options.version,
      reserveBytes: options.reserveDiskBytes,
      onBroken: options.onStorageBroken,
      logger,
      nowMs: clocks.nowMs,
    }),
  );
  const access = starting.use(
    await openAccess({
      ...stores,
      dataDirectory,
      host,
      httpPort: options.httpPort ?? 0,
      publicHost,
      otherNames: webSettings.domain === undefined ? [] : [`*.${webSettings.domain}`],
      tls: options.tls,
      plaintextFromElsewhere: options.plaintextFromElsewhere ?? false,
      sockets,
      logger,
      ...clocks,
    }),
  );
  const { environments, tokens, tls, http } = access;
  const registries = starting.use(await loadRegistries({ ...stores, keys: access.keys, ...clocks }));
  const { apps, blobs } = registries;
  const front = starting.use(
    await WebFront.open({
      ...stores,
      host,
      publicHost: bracketed(publicHost),
      tls,
      sockets,
      settings: webSettings,
      isOpen(appId) {
        const app = apps.get(appId);
        return app !== undefined && isOpen(app);
      },
      labelPrefix: (scope) => environments.all().find((each) => each.scope === scope)?.webSuffix ?? scope,
      logger,
      nowMs: clocks.nowMs,
    }),
  );
  const { catalog, platformMounts, readBlob } = starting.use(
    await openFunctions({
      stores,
      registries,
      environments,
      web: front.addresses,
      dataDirectory,
      supplies: options.supplies,
      logger,
      nowMs: clocks.nowMs,
    }),
  );
  const dispatch = starting.use(
    await openDispatch({
      ...stores,
      catalog,
      apps: catalog,
      scheduling: catalog,
      readBlob,
      secretEnv: (secretIds) => registries.secrets.env(secretIds),
      httpPort: http.port,
      webPorts: front.ports,
      dataDirectory,
      dataDirectoryId: access.dataDirectoryId,
      version: options.version,
      logger,
      ...clocks,
      graceSecs: options.graceSecs,
      failFast: options.failFast,
      callBytes: options.callBytes,
    }),
  );
  tokens.onEnd(({ tokenId }) => dispatch.execs.tokenEnded(tokenId));
  const sandboxes = new Sandboxes({ ...dispatch, catalog, ...clocks });
  const { reach, admit, guard } = createBorder({
    ...access,
    scopeOfObject: objectScopes({
      ...registries,
      environments,
      dicts: registries.dicts.objects,
      queues: registries.queues.objects,
      appOfWork: async (id) => (isId("sb", id) ? sandboxes.get(id)?.appId : await dispatch.appOfWork(id)),
    }),
    blobMaker: (blobId) => blobs.ownerOf(blobId)?.createdBy,
    task(taskId) {
      const task = dispatch.tasks.get(taskId);
      return task && reachingTask(task);
    },
    scopeOfApp: (appId) => apps.get(appId)?.scope,
    logger,
    ...clocks,
  });
  const urls = new SignedUrls({
    key: access.keys.urls,
    baseUrl: access.httpUrl,
    nowMs: clocks.nowMs,
    credentialOf: (callerId) =>
      isId("ta", callerId) ? dispatch.tasks.get(callerId)?.credential : tokens.live(callerId)?.credential,
  });
  const things = starting.use(
    await openCatalog({
      dataDirectory,
      stores,
      ...access,
      speaksTls: tls !== undefined,
      reach,
      registries,
      catalog,
      platformMounts,
      sandboxes,
      dispatch,
      web: front.addresses,
      urls,
      heartbeatTimeoutMs: options.heartbeatTimeoutMs ?? 60_000,
      buildGraceMs: options.buildGraceMs ?? 5_000,
      buildTimeoutSecs: options.buildTimeoutSecs ?? 3 * 3600,
      logger,
      ...clocks,
    }),
  );
  const garbage = { ...stores, ...registries, dataDirectory, builds: things.builds, tasks: dispatch.tasks };
  const collecting = starting.use(startCollecting({ ...garbage, logger, ...clocks }));
  const web = starting.use(await openWeb({ stores, access, registries, dispatch, front, logger, ...clocks }));
  http.use([...access.routes, ...things.routes]);

  const modal = guard(
    ModalClient,
    combine(ModalClient, [...access.modal, ...dispatch.modal, ...things.modal, ...web.modal]),
    modalPermissions,
  );
  const worker = guard(
    WorkerService,
    combine(WorkerService, [...dispatch.worker, ...things.worker]),
    workerPermissions,
  );
  const guest = guard(GuestService, dispatch.guest, guestPermissions);
  const operator = guard(
    OperatorService,
    combine(OperatorService, [
      ...access.operator,
      ...dispatch.operator,
      ...things.operator,
      stateCopyHandlers({ ...stores, collecting }),
    ]),
    operatorPermissions,
  );
  const commands = guard(
    TaskCommandRouter,
    combine(TaskCommandRouter, dispatch.commands),
    commandPermissions,
  );
  web.serve(modal);
  const forWorker = [
    mountService(ModalClient, modal),
    mountService(WorkerService, worker),
    mountService(GuestService, guest),
  ];
  const listener = starting.use(
    await listen({
      dataDirectory,
      logger,
      address: `${bracketed(host)}:${port}`,
      tls,
      kept: sockets && { sockets, name: () => "calls" },
      services: {
        worker: forWorker,
        all: [
          ...forWorker,
          mountService(OperatorService, operator),
          mountService(TaskCommandRouter, commands),
        ],
      },
      authenticate: access.authenticate,
      onInternalError: (error, method) => logger.error({ err: error, method }, "a call failed unexpectedly"),
      admit,
      memory: new RequestMemory(),
      refusalOf: unservedCall,
    }),
  );
  const url = `${access.scheme}://${bracketed(publicHost)}:${listener.port}`;
  await access.announce(url);
  things.lifecycle.start();
  const resources = starting.move();
  return {
    url,
    httpPort: http.port,
    modal,
    worker,
    operator,
    drainWeb: ({ signal }) => front.drain({ signal }),
    drain: ({ signal }) => listener.drain({ signal }),
    removeUnused: () => things.lifetimes.sweep(),
    collectGarbage: (ages) => collecting.collect(ages),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
