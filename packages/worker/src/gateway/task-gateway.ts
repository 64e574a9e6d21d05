import { chmodSync } from "node:fs";
import { AppError } from "@dorian/base/app-error";
import {
  methodEntries,
  type CallContext,
  type Identity,
  type ServiceClient,
  type ServiceHandlers,
} from "@dorian/protocol/service";
import { unservedCall } from "@dorian/protocol/error/unserved-calls";
import { GrpcServer, mountService } from "@dorian/protocol/server/grpc-server";
import { ConnectionBudget } from "@dorian/protocol/listener/connection-budget";
import type { RequestMemory } from "@dorian/protocol/memory/request-memory";
import { GuestService } from "@dorian/protocol/guest";
import { GenericResult_GenericStatus, ModalClient } from "@dorian/protocol/modal";
import { exchangeInputs } from "./exchange-inputs.ts";
import { outputNotKept } from "./platform-failure.ts";
import { forwardValues } from "./forward-values.ts";
import { limitCalls } from "./limit-calls.ts";
import type { TaskObserver } from "./task-observer.ts";

export interface TaskGatewayOptions {
  taskId: string;
  socketPath: string;
  /** Without one, what travels by HTTP does not reach the container. */
  hasNetwork: boolean;
  /** The control plane, as this task. */
  upstream: { modal: ServiceClient<typeof ModalClient>; guest: ServiceClient<typeof GuestService> };
  observer: TaskObserver;
  /** What the requests of all tasks together may hold. */
  memory: RequestMemory;
  onInternalError: (error: unknown, method: string) => void;
}

/** Each process of a container that calls the platform has one or a few. */
const maxConnections = { all: 256, eachPeer: 256, thisMachine: 256 };

/** Calls of a task at a time: what a busy one has, whose thousand inputs wait for other functions, and room beside it. */
const maxCalls = 2_000;

/** Calls of our own at a time: one process of a container has two. */
const maxGuestCalls = 4;

/**
 * The server behind a task's own socket. The connection is the task's identity: the worker answers what concerns its
 * machine and passes the rest on, as that task.
 */
export async function openTaskGateway(options: TaskGatewayOptions): Promise<GrpcServer> {
  const identity: Identity = { kind: "task", taskId: options.taskId };
  const { modal, guest } = options.upstream;
  const passing = passage();
  const exchange = { upstream: guest, observer: options.observer, passing, mostOpen: maxCalls };
  const server = await GrpcServer.listen({
    address: `unix:${options.socketPath}`,
    budget: new ConnectionBudget(maxConnections),
    services: [
      mountService(
        ModalClient,
        limitCalls(ModalClient, { ...forwardAll(modal), ...watched(options, passing) }, maxCalls),
      ),
      mountService(
        GuestService,
        limitCalls(
          GuestService,
          {
            async reportPhase(request) {
              options.observer.onPhase(request.phase, request.endedAt);
              return {};
            },
            exchangeInputs: (turns, context) => exchangeInputs(exchange, turns, context),
          },
          maxGuestCalls,
        ),
      ),
    ],
    authenticate: () => ({ identity }),
    memory: options.memory,
    onInternalError: options.onInternalError,
    refusalOf: unservedCall,
  });
  // For every user of the container; no other of the machine can come near it.
  chmodSync(options.socketPath, 0o666);
  return server;
}

function forwardAll(upstream: ServiceClient<typeof ModalClient>): ServiceHandlers<typeof ModalClient> {
  const handlers: Record<string, unknown> = {};
  for (const [name] of methodEntries(ModalClient)) {
    const call = upstream[name] as (request: unknown, options: unknown) => unknown;
    handlers[name] = (request: unknown, context: CallContext) => {
      const { signal, idempotencyKey, clientVersion, takeRoom } = context;
      return call(request, { signal, idempotencyKey, takeRoom, ...(clientVersion ? { clientVersion } : {}) });
    };
  }
  return handlers as ServiceHandlers<typeof ModalClient>;
}

function watched(
  { upstream: { modal: upstream }, observer, hasNetwork }: TaskGatewayOptions,
  passing: () => Promise<void>,
): ServiceHandlers<typeof ModalClient> {
  return {
    async blobCreate(request, context) {
      if (hasNetwork) return await upstream.blobCreate(request, context);
      const mebibytes = (Number(request.contentLength) / 1024 ** 2).toFixed(1);
      throw new AppError(
        "BLOB_WITHOUT_NETWORK",
        `A value of ${mebibytes} MiB cannot leave this container, because its function has no network.`,
        { remedy: "Write large values to a volume, or do without `blockNetwork`." },
      );
    },
    containerHello(request, context) {
      observer.onHello();
      return upstream.containerHello(request, context);
    },
    // The first word of old clients.
    clientHello(request, context) {
      observer.onHello();
      return upstream.clientHello(request, context);
    },
    async functionGetInputs(request, context) {
      observer.onReady();
      await passing();
      const response = await upstream.functionGetInputs(request, context);
      for (const item of response.inputs) {
        if (!item.killSwitch)
          observer.onInputStarted({ inputId: item.inputId, functionCallId: item.functionCallId });
      }
      return response;
    },
    async functionPutOutputs(request, context) {
      await passing();
      for (const output of request.outputs) {
        const succeeded = output.result?.status === GenericResult_GenericStatus.SUCCESS;
        observer.onInputEnded({ inputId: output.inputId, succeeded });
      }
      // Awaiting nothing would let the request for the next input pass the output of the last.
      const waiting = observer.beforeAnswer(context.signal);
      if (!waiting) return upstream.functionPutOutputs(request, context);
      const notKept = await waiting.then(
        () => undefined,
        (error: unknown) => {
          context.signal.throwIfAborted();
          return error;
        },
      );
      const outputs =
        notKept === undefined
          ? request.outputs
          : request.outputs.map((output) => outputNotKept(output, notKept));
      return upstream.functionPutOutputs({ ...request, outputs }, context);
    },
    async functionCallPutDataOut(request, context) {
      await observer.beforeAnswer(context.signal);
      return await forwardValues(upstream, request, context);
    },
    async taskResult(request, context) {
      observer.onStartFailed();
      // It has failed already, for another reason.
      await observer.beforeAnswer(context.signal)?.catch(() => context.signal.throwIfAborted());
      return await upstream.taskResult(request, context);
    },
    async containerCheckpoint() {
      observer.onSnapshotAsked();
      return {};
    },
    async volumeCommit(request, context) {
      await observer.commitVolume(request.volumeId, context.signal);
      // The commit has refreshed the view already.
      return { skipReload: true };
    },
    async volumeReload(request, context) {
      await observer.reloadVolume(request.volumeId, context.signal);
      return {};
    },
  };
}

/**
 * What the container printed before it asked is read first, and so belongs to the right input. Requests keep their order, and those
 * that came together go on together: one write wakes the server once.
 */
function passage(): () => Promise<void> {
  let open: Promise<void> | undefined;
  return () => {
    open ??= new Promise((resolve) =>
      setImmediate(() => {
        open = undefined;
        resolve();
      }),
    );
    return open;
  };
}
