import type { DescService } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import type { ModalClient } from "@dorian/protocol/modal";
import type { OperatorService } from "@dorian/protocol/operator";
import {
  methodEntries,
  type CallContext,
  type Identity,
  type ServiceHandlers,
} from "@dorian/protocol/service";
import type { WorkerService } from "@dorian/protocol/worker";

type Caller = Identity["kind"];
type Permissions<S extends DescService> = Record<keyof S["method"], readonly Caller[]>;

const clients = ["client"] as const;
const tasks = ["task"] as const;
const both = ["client", "task"] as const;

/** Who may call what. A task looks things up, calls functions and uses volumes; apps and images are clients' affair. */
export const modalPermissions: Permissions<typeof ModalClient> = {
  appClientDisconnect: clients,
  appCreate: clients,
  appGetByDeploymentName: both,
  appGetLayout: both,
  appGetLifecycle: clients,
  appGetLogs: clients,
  appHeartbeat: clients,
  appList: clients,
  appPublish: clients,
  appStop: clients,
  blobCreate: both,
  blobGet: both,
  classCreate: clients,
  classGet: both,
  clientHello: both,
  containerHeartbeat: tasks,
  containerHello: tasks,
  containerStop: both,
  environmentGetOrCreate: both,
  functionBindParams: both,
  functionCallCancel: both,
  functionCallFromId: both,
  functionCallGetDataOut: both,
  functionCallPutDataOut: tasks,
  functionCreate: clients,
  functionFinishInputs: both,
  functionGet: both,
  functionGetCurrentStats: both,
  functionGetInputs: tasks,
  functionGetOutputs: both,
  functionMap: both,
  functionPrecreate: clients,
  functionPutInputs: both,
  functionPutOutputs: tasks,
  functionUpdateSchedulingParams: both,
  imageGetOrCreate: clients,
  imageJoinStreaming: clients,
  mountBatchedCheckExistence: clients,
  mountGetOrCreate: clients,
  mountPutFile: clients,
  secretGetOrCreate: both,
  taskGetInfo: both,
  taskList: both,
  taskResult: tasks,
  volumeCommit: both,
  volumeCopyFiles2: both,
  volumeDelete: clients,
  volumeGetFile2: both,
  volumeGetOrCreate: both,
  volumeList: both,
  volumeListFiles2: both,
  volumePutFiles2: both,
  volumeReload: both,
  volumeRemoveFile2: both,
  volumeRename: clients,
};

export const workerPermissions: Permissions<typeof WorkerService> = {
  join: ["worker"],
  volumeAppend: ["worker"],
  volumeHead: ["worker"],
};

export const operatorPermissions: Permissions<typeof OperatorService> = {
  serverInfo: clients,
  imageList: clients,
  volumeVersions: clients,
  taskTimeline: clients,
  containerExec: clients,
};

/** The handlers, each behind its permission. */
export function guard<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
  permissions: Permissions<S>,
): ServiceHandlers<S> {
  const guarded: Record<string, unknown> = {};
  for (const [name, method] of methodEntries(service)) {
    const handler = (
      handlers as Record<string, ((request: unknown, context: CallContext) => unknown) | undefined>
    )[name];
    if (!handler) continue;
    const allowed: readonly Caller[] = permissions[name];
    guarded[name] = (request: unknown, context: CallContext) => {
      checkCaller(allowed, context.identity, method.name);
      return handler(request, context);
    };
  }
  return guarded as ServiceHandlers<S>;
}

/** For what depends on the request. @throws AppError PERMISSION_DENIED */
export function requireClient(context: CallContext, what: string): void {
  checkCaller(clients, context.identity, what);
}

const callerNames: Record<Caller, string> = {
  client: "a client",
  task: "a running container",
  worker: "a worker",
};

function checkCaller(allowed: readonly Caller[], identity: Identity, what: string): void {
  if (allowed.includes(identity.kind)) return;
  const who = allowed.map((caller) => callerNames[caller]).join(" or ");
  throw new AppError("PERMISSION_DENIED", `${what} is not for ${callerNames[identity.kind]}.`, {
    status: "PERMISSION_DENIED",
    remedy: `Let ${who} do it.`,
  });
}
