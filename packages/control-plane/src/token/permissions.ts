import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import type { ModalClient } from "@dorian/protocol/modal";
import type { OperatorService } from "@dorian/protocol/operator";
import {
  methodEntries,
  type CallContext,
  type Identity,
  type ServiceHandlers,
} from "@dorian/protocol/service";
import type { TaskCommandRouter } from "@dorian/protocol/task-command-router";
import type { WorkerService } from "@dorian/protocol/worker";

type Caller = Identity["kind"];
type Permissions<S extends DescService> = Record<keyof S["method"], readonly Caller[]>;

const clients = ["client"] as const;
const tasks = ["task"] as const;
const both = ["client", "task"] as const;
/** Those without a token, too: it is how they come by one. */
const anybody = ["client", "task", "anonymous"] as const;

/** Who may call what. A task looks things up, calls functions and uses volumes; apps and images are clients' affair. */
export const modalPermissions: Permissions<typeof ModalClient> = {
  appClientDisconnect: clients,
  appCountLogs: clients,
  appCreate: clients,
  appDeploy: clients,
  appDeploymentHistory: clients,
  appFetchLogs: clients,
  appGetByDeploymentName: both,
  appGetInfo: both,
  appGetLayout: both,
  appGetLifecycle: clients,
  appGetLogs: clients,
  appGetObjects: both,
  appGetOrCreate: both,
  appGetTags: clients,
  appHeartbeat: clients,
  appList: clients,
  appPromote: clients,
  appPublish: clients,
  appRollback: clients,
  appRollover: clients,
  appSetObjects: clients,
  appSetTags: clients,
  appStop: clients,
  authTokenGet: both,
  blobCreate: both,
  blobGet: both,
  classCreate: clients,
  classGet: both,
  clientHello: anybody,
  containerCheckpoint: tasks,
  containerExec: clients,
  containerExecGetOutput: clients,
  containerExecPutInput: clients,
  containerExecWait: clients,
  containerHeartbeat: tasks,
  containerHello: tasks,
  containerStop: both,
  dictClear: both,
  dictContains: both,
  dictContents: both,
  dictCreate: both,
  dictDelete: both,
  dictGet: both,
  dictGetById: both,
  dictGetOrCreate: both,
  dictHeartbeat: both,
  dictLen: both,
  dictList: both,
  dictPop: both,
  dictUpdate: both,
  environmentCreate: clients,
  environmentDelete: clients,
  environmentGetOrCreate: both,
  environmentList: both,
  environmentUpdate: clients,
  functionBindParams: both,
  functionCallCancel: both,
  functionCallFromId: both,
  functionCallGetDataIn: tasks,
  functionCallGetDataOut: both,
  functionCallGetInfo: both,
  functionCallPutDataOut: tasks,
  functionCreate: clients,
  functionFinishInputs: both,
  functionGet: both,
  functionGetById: both,
  functionGetCallGraph: both,
  functionGetCurrentStats: both,
  functionGetDynamicConcurrency: tasks,
  functionGetInputs: tasks,
  functionGetOutputs: both,
  functionGetSchedulingParams: both,
  functionGetSerialized: tasks,
  functionMap: both,
  functionPrecreate: clients,
  functionPutInputs: both,
  functionPutOutputs: tasks,
  functionRetryInputs: both,
  functionUpdateSchedulingParams: both,
  imageDelete: clients,
  imageFromId: both,
  imageGetByTag: both,
  imageGetOrCreate: clients,
  imageJoinStreaming: clients,
  imageListTags: clients,
  imagePublish: clients,
  imageTagRevisions: clients,
  mountBatchedCheckExistence: both,
  mountGetOrCreate: clients,
  mountPutFile: both,
  queueClear: both,
  queueCreate: both,
  queueDelete: both,
  queueGet: both,
  queueGetById: both,
  queueGetOrCreate: both,
  queueHeartbeat: both,
  queueLen: both,
  queueList: both,
  queueNextItems: both,
  queuePut: both,
  sandboxCreate: clients,
  sandboxCreateV2: clients,
  sandboxGetCommandRouterAccess: clients,
  sandboxGetLogs: clients,
  sandboxGetTaskId: clients,
  sandboxGetTaskIdV2: clients,
  sandboxStdinWrite: clients,
  sandboxTerminate: clients,
  sandboxTerminateV2: clients,
  sandboxWait: clients,
  sandboxWaitV2: clients,
  secretDelete: clients,
  secretGetInfo: clients,
  secretGetOrCreate: both,
  secretList: clients,
  secretUpdate: clients,
  taskGetCommandRouterAccess: clients,
  taskGetInfo: both,
  taskList: both,
  taskResult: tasks,
  tokenFlowCreate: anybody,
  tokenFlowWait: anybody,
  tokenInfoGet: both,
  volumeCommit: both,
  volumeCopyFiles: both,
  volumeCopyFiles2: both,
  volumeCreate: both,
  volumeDelete: both,
  volumeGetById: both,
  volumeGetFile: both,
  volumeGetFile2: both,
  volumeGetOrCreate: both,
  volumeHeartbeat: both,
  volumeList: both,
  volumeListFiles: both,
  volumeListFiles2: both,
  volumePutFiles: both,
  volumePutFiles2: both,
  volumeReload: both,
  volumeRemoveFile: both,
  volumeRemoveFile2: both,
  volumeRename: both,
  webhookTokenCreate: clients,
  webhookTokenDelete: clients,
  webhookTokenEnvironmentAdd: clients,
  webhookTokenEnvironmentList: clients,
  webhookTokenEnvironmentRemove: clients,
  webhookTokenList: clients,
  webhookTokenListForEnvironment: clients,
  webhookTokenUpdate: clients,
  workspaceNameLookup: both,
};

export const workerPermissions: Permissions<typeof WorkerService> = {
  join: ["worker"],
  volumeAppend: ["worker"],
  volumeHead: ["worker"],
};

export const commandPermissions: Permissions<typeof TaskCommandRouter> = {
  taskExecPoll: ["command"],
  taskExecStart: ["command"],
  taskExecStdinWrite: ["command"],
  taskExecStdioRead: ["command"],
  taskExecWait: ["command"],
};

export const operatorPermissions: Permissions<typeof OperatorService> = {
  serverInfo: clients,
  imageList: clients,
  volumeVersions: clients,
  taskTimeline: clients,
  containerExec: clients,
  tokenApprove: clients,
  tokenCreate: clients,
  tokenList: clients,
  tokenRevoke: clients,
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

/**
 * The same permissions for a server to ask when a call's headers are there, before it takes any of the request.
 *
 * @throws AppError TOKEN_MISSING, PERMISSION_DENIED
 */
export function admission(
  services: [service: DescService, permissions: Record<string, readonly Caller[]>][],
): (method: DescMethod, context: CallContext) => void {
  const allowed = new Map<DescMethod, readonly Caller[]>();
  for (const [service, permissions] of services)
    for (const [name, method] of methodEntries(service)) allowed.set(method, permissions[name] ?? []);
  return (method, { identity }) => checkCaller(allowed.get(method) ?? [], identity, method.name);
}

/** For what depends on the request. @throws AppError PERMISSION_DENIED */
export function requireClient(context: CallContext, what: string): void {
  checkCaller(clients, context.identity, what);
}

const callerNames: Record<Caller, string> = {
  client: "a client",
  task: "a running container",
  worker: "a worker",
  command: "a command's caller",
  anonymous: "a caller without a token",
};

function checkCaller(allowed: readonly Caller[], identity: Identity, what: string): void {
  if (allowed.includes(identity.kind)) return;
  if (identity.kind === "anonymous") {
    throw new AppError("TOKEN_MISSING", "The call carries no token.", {
      status: "UNAUTHENTICATED",
      remedy:
        "Set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET to the values that `dorian token new` prints on the server's machine.",
    });
  }
  const who = allowed.map((caller) => callerNames[caller]).join(" or ");
  throw new AppError("PERMISSION_DENIED", `${what} is not for ${callerNames[identity.kind]}.`, {
    status: "PERMISSION_DENIED",
    remedy: `Let ${who} do it.`,
  });
}
