import { AppError } from "@dorian/base/app-error";

/** Calls of the official clients that Dorian does not serve, by what they are for, with what to do instead. */
const unserved = [
  {
    what: "statistics over time",
    instead:
      "`dorian app logs`, `dorian container list` and `modal.Function.get_current_stats()` show what happens now.",
    calls: [
      "AppGetTimeRangeStats",
      "FunctionGetTimeRangeStats",
      "ServerGetTimeRangeStats",
      "SandboxGetTimeRangeStats",
      "FunctionGetMetrics",
      "ServerGetMetrics",
      "MetricsGetInfo",
      "SandboxGetStats",
      "SandboxGetStatsV2",
      "SandboxGetResourceUsage",
    ],
  },
  {
    what: "lists of past calls",
    instead: "Keep the id of a call, and read it with `FunctionCall.fromId`.",
    calls: [
      "FunctionCallCount",
      "FunctionCallFetch",
      "FunctionCallList",
      "ServerCountRequests",
      "ServerRequestFetch",
    ],
  },
  {
    what: "the list of a function's bound variants",
    instead: "Bind the parameters that you want again: the same ones always give the same variant.",
    calls: ["FunctionListVariants"],
  },
  {
    what: "clusters of containers",
    instead: "Ask for several GPUs in one container.",
    calls: ["ClusterGet", "ClusterList", "ClusterReservationList", "TaskClusterHello"],
  },
  {
    what: "sandboxes, but for what `modal shell` needs",
    instead: "Run the command in a function, or in a running container with `dorian container exec`.",
    calls: [
      "SandboxContainerCreateV2",
      "SandboxCreateConnectToken",
      "SandboxCreateConnectTokenV2",
      "SandboxGetExitSnapshot",
      "SandboxGetExitSnapshotV2",
      "SandboxGetFromName",
      "SandboxGetFromNameV2",
      "SandboxGetTunnels",
      "SandboxGetTunnelsV2",
      "SandboxList",
      "SandboxListV2",
      "SandboxSetName",
      "SandboxSetOutboundPolicy",
      "SandboxSetOutboundPolicyV2",
      "SandboxTagsGet",
      "SandboxTagsGetV2",
      "SandboxTagsSet",
      "SandboxTagsSetV2",
      "SandboxWaitUntilReady",
      "PersistentSandboxCreate",
      "PersistentSandboxGet",
      "PersistentSandboxResume",
      "PersistentSandboxTerminate",
      "PersistentSandboxTunnelsList",
      "ContainerFilesystemExec",
      "ContainerFilesystemExecGetOutput",
      "ContainerReloadVolumes",
      "ContainerLog",
      "SandboxStdinWriteV2",
      "SandboxStdioReadV2",
      "TaskContainerCreate",
      "TaskContainerGet",
      "TaskContainerList",
      "TaskContainerTerminate",
      "TaskContainerWait",
      "TaskMountDirectory",
      "TaskUnmountDirectory",
      "TaskReloadVolumes",
      "TaskSetNetworkAccess",
    ],
  },
  {
    what: "snapshots of memory and of sandboxes",
    instead: "Load once in `@enter()`, keep containers with `minContainers`, and files in a `Volume`.",
    calls: [
      "ContainerCheckpoint",
      "SandboxRestore",
      "SandboxRestoreV2",
      "SandboxSnapshot",
      "SandboxSnapshotFs",
      "SandboxSnapshotFsAsync",
      "SandboxSnapshotFsAsyncGet",
      "SandboxSnapshotGet",
      "SandboxSnapshotWait",
      "TaskSnapshotDirectory",
      "TaskSnapshotFilesystem",
      "TaskSnapshotMemory",
    ],
  },
  {
    what: "the input plane",
    instead:
      "Leave `experimental_options={'input_plane_region': …}` out: calls go through the control plane.",
    calls: [
      "AttemptStart",
      "AttemptAwait",
      "AttemptRetry",
      "MapStartOrContinue",
      "MapAwait",
      "MapCheckInputs",
      "FunctionAsyncInvoke",
      "FunctionBlobGet",
    ],
  },
  {
    what: "`@app.server` functions and flash",
    instead: "Use `@modal.web_server`: each web function has an address of its own.",
    calls: [
      "FlashContainerDeregister",
      "FlashContainerList",
      "FlashContainerRegister",
      "FlashSetTargetSlotsMetrics",
      "FunctionGetFlashAuthToken",
      "ContainerServerLifecycleReady",
    ],
  },
  {
    what: "endpoints and templates",
    instead: "Deploy an app with a web function.",
    calls: [
      "EndpointCreate",
      "EndpointGetByName",
      "EndpointGetInfo",
      "EndpointGetLibrary",
      "EndpointGetLifecycle",
      "EndpointList",
      "EndpointStop",
      "TemplateList",
    ],
  },
  {
    what: "domains of your own",
    instead:
      "Put a proxy with your domain in front of the web function's address, or start the server with `--web-domain`.",
    calls: ["DomainCreate", "DomainList", "DomainCertificateVerify"],
  },
  {
    what: "tokens for a single request to a web function",
    instead: "Make one with `modal workspace proxy-tokens create`, and send it with the request.",
    calls: ["CurlGetAuthToken"],
  },
  {
    what: "tunnels",
    instead: "Serve with `@modal.web_server`, which has an address that can be reached from outside.",
    calls: ["TunnelStart", "TunnelStop"],
  },
  {
    what: "proxies with fixed addresses",
    instead: "Containers go out through the machine they run on: its address is fixed.",
    calls: [
      "ProxyAddIp",
      "ProxyCreate",
      "ProxyDelete",
      "ProxyGet",
      "ProxyGetOrCreate",
      "ProxyList",
      "ProxyRemoveIp",
    ],
  },
  {
    what: "network file systems",
    instead: "Use a `Volume`.",
    calls: [
      "SharedVolumeCreate",
      "SharedVolumeDelete",
      "SharedVolumeGetFile",
      "SharedVolumeGetOrCreate",
      "SharedVolumeHeartbeat",
      "SharedVolumeList",
      "SharedVolumeListFiles",
      "SharedVolumeListFilesStream",
      "SharedVolumePutFile",
      "SharedVolumeRemoveFile",
    ],
  },
  {
    what: "roles, members, service users and groups",
    instead:
      "Give each a token of their own, with `--environment` and `--read-only` if it is to allow less: `dorian token new --name NAME`.",
    calls: [
      "EnvironmentGetManaged",
      "EnvironmentGetRoles",
      "EnvironmentRoleSet",
      "EnvironmentSetDefaultMemberRole",
      "EnvironmentSetManaged",
      "ServiceUserCreate",
      "ServiceUserDelete",
      "ServiceUserInfo",
      "ServiceUserList",
      "UserGroupEnvironmentSet",
      "WorkspaceMembersList",
    ],
  },
  {
    what: "budgets and bills",
    instead: "Limit a function with `maxContainers`, and a worker by the machine that it runs on.",
    calls: [
      "EnvironmentBillingSummary",
      "EnvironmentGetBudget",
      "EnvironmentSetBudget",
      "WorkspaceBillingRates",
      "WorkspaceBillingReport",
      "WorkspaceBillingSummary",
    ],
  },
  {
    what: "workspace settings",
    instead:
      "`modal environment update` sets what an environment builds images by; the default environment is `main`.",
    calls: [
      "WorkspaceSetDefaultEnvironment",
      "WorkspaceSetDefaultEnvironmentSettings",
      "WorkspaceSetImageBuilderVersion",
      "WorkspaceSettings",
    ],
  },
  {
    what: "a dashboard",
    instead: "`dorian app list`, `dorian app logs` and `dorian container list` show the same.",
    calls: ["WorkspaceDashboardUrlGet"],
  },
  {
    what: "managing tokens through this client",
    instead: "Use `dorian token list` and `dorian token revoke`.",
    calls: ["TokenDelete", "TokenDisable", "TokenEnable", "TokensList"],
  },
  {
    what: "suggestions for mistyped names",
    instead: "The lists, such as `dorian app list`, have the right ones.",
    calls: ["CliCommandSuggest", "ObjectSuggest"],
  },
  {
    what: "calls of clients that it is not tried with",
    instead: "Use a client from 0.62 on, which asks in another way.",
    calls: [
      "AppLookup",
      "AppLookupObject",
      "AppDeploySingleObject",
      "ClientCreate",
      "ClientHeartbeat",
      "MountBuild",
      "SecretCreate",
      "NotebookKernelPublishResults",
    ],
  },
  {
    what: "the chain of an image's layers",
    instead: "`dorian image list` shows what each layer adds.",
    calls: ["ImageBuildChainGet"],
  },
  {
    what: "deleting the name of an image alone",
    instead: "Delete the image, or publish another under the name.",
    calls: ["ImageNameDelete"],
  },
  {
    what: "interactive functions",
    instead: "Open a shell with `modal shell`, or in a running container with `dorian container exec`.",
    calls: ["FunctionStartPtyShell"],
  },
  {
    what: "what a container works on",
    instead: "`dorian container list` shows the containers, `dorian container logs` what they print.",
    calls: ["TaskCurrentInputs"],
  },
] as const satisfies readonly { what: string; instead: string; calls: readonly string[] }[];

/** Names of the calls that have such an answer, as the contract has them. */
export type UnservedCall = (typeof unserved)[number]["calls"][number];

const byCall = new Map<string, { what: string; instead: string }>(
  unserved.flatMap(({ what, instead, calls }) => calls.map((call) => [call, { what, instead }] as const)),
);

/** Those that look something up by its name: clients tell users what is not there, or make it. */
const lookups: ReadonlySet<string> = new Set([
  "ProxyGet",
  "SandboxGetFromName",
  "SandboxGetFromNameV2",
  "PersistentSandboxGet",
  "EndpointGetByName",
] satisfies UnservedCall[]);

/** The answer to a call that is not served: what to use instead. Undefined for a call that nobody knows. */
export function unservedCall(call: string): AppError | undefined {
  const known = byCall.get(call);
  if (!known) return undefined;
  const { what, instead } = known;
  return new AppError("CALL_NOT_SERVED", `Dorian does not serve ${call}: ${what}.`, {
    status: lookups.has(call) ? "NOT_FOUND" : "UNIMPLEMENTED",
    remedy: instead,
  });
}

/** Every call that has such an answer. */
export function unservedCalls(): string[] {
  return [...byCall.keys()];
}
