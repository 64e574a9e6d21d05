/** What the tests cannot say by themselves: why something is served in part only, and what to use where it is not served. */
export interface Judgement {
  names: RegExp;
  status: "partly" | "not";
  words: string;
}

export const callJudgements: readonly Judgement[] = [
  {
    names: /^(TaskGetCommandRouterAccess|SandboxGetCommandRouterAccess|TaskExec.*)$/,
    status: "partly",
    words: "for a client whose server is at localhost or behind TLS; others: `dorian container exec`",
  },
  {
    names: /^Sandbox(Create|CreateV2)$/,
    status: "partly",
    words: "a command on an image, with mounts, volumes, secrets and exec: what `modal shell` needs",
  },
  { names: /^Sandbox(GetTaskId|Terminate|Wait)(V2)?$/, status: "partly", words: "for such sandboxes" },
  {
    names:
      /^Sandbox|^PersistentSandbox|^TaskContainer|^TaskMountDirectory|^TaskUnmountDirectory|^ContainerFilesystem/,
    status: "not",
    words: "sandboxes are not served; `modal shell` and `modal container exec` are",
  },
  {
    names: /Snapshot/,
    status: "not",
    words: "snapshots of memory and of running containers are not taken; a container starts from its image",
  },
  {
    names: /^(Attempt|Map)[A-Z]|^MapStartOrContinue/,
    status: "not",
    words: "the input plane is never announced, so clients use FunctionMap and FunctionGetOutputs",
  },
  {
    names: /^FunctionRetryInputs$/,
    status: "not",
    words: "the server retries by itself and never asks a client to",
  },
  { names: /^SharedVolume/, status: "not", words: "use a Volume instead of a network file system" },
  { names: /^Proxy/, status: "not", words: "there are no static outgoing addresses" },
  {
    names: /^(Workspace|Billing|ServiceUser|EnvironmentRole|EnvironmentGetManaged|OAuth|Member)/,
    status: "not",
    words: "there are no workspaces, members or bills: the operator owns the server",
  },
  {
    names: /^(Token(Delete|Disable|Enable)|TokensList)$/,
    status: "not",
    words: "`dorian token list` and `dorian token revoke`",
  },
  {
    names: /^(Environment(Billing|Get(Budget|Roles)|Set)|UserGroup)/,
    status: "not",
    words: "there are no workspaces, members or bills: the operator owns the server",
  },
  {
    names:
      /^(AppDeploySingleObject|AppLookup|AppLookupObject|ClientCreate|ClientHeartbeat|ContainerLog|FunctionAsyncInvoke|FunctionBlobGet|MountBuild|SecretCreate|TaskCurrentInputs)$/,
    status: "not",
    words: "none of these clients calls it",
  },
  { names: /^(Tunnel|Flash|Cluster|TaskCluster)/, status: "not", words: "use a web endpoint" },
  { names: /^(Endpoint|Template|Server)[A-Z]/, status: "not", words: "a product of Modal's own" },
  {
    names: /^(Notebook|Kube|Domain|Curl|SyncServer|DebugFunction|Metrics|Vapor|RPC)/i,
    status: "not",
    words: "part of Modal's own platform",
  },
];

export const methodJudgements: readonly Judgement[] = [
  {
    names: /^Sandbox\.(create|exec)$/,
    status: "partly",
    words: "a command on an image, with mounts, volumes, secrets and exec",
  },
  {
    names: /^(Sandbox|SandboxSnapshot|Probe|Sidecar)/,
    status: "not",
    words: "sandboxes are not served; `modal shell` and `modal container exec` are",
  },
  { names: /^NetworkFileSystem/, status: "not", words: "use a Volume" },
  { names: /^(Workspace|Billing)/, status: "not", words: "there are no workspaces, members or bills" },
  {
    names: /^CloudBucketMount(Service)?\./,
    status: "not",
    words: "of sandboxes, which are not served; functions and classes mount buckets",
  },
  {
    names: /^(Cluster|clustered|Tunnel|forward|Server|sessioned|Proxy)/,
    status: "not",
    words: "not served",
  },
  { names: /get_dashboard_url$/, status: "not", words: "there is no dashboard" },
];

export const commandJudgements: readonly Judgement[] = [
  {
    names: /^(billing|workspace|environment (billing|roles)|token rotate)/,
    status: "not",
    words: "there are no workspaces, members or bills",
  },
  {
    names: /^(endpoint|launch|server|skills|changelog|curl|setup)/,
    status: "not",
    words: "a product of Modal's own",
  },
  { names: /dashboard$/, status: "not", words: "there is no dashboard" },
  { names: /^nfs/, status: "not", words: "use `modal volume`" },
];

/** Functions of the Python client that carry out a public method under another name. */
export const methodAliases: Readonly<Record<string, readonly string[]>> = {
  "Function.map": ["map_sync", "map_async", "map_invocation"],
  "Function.starmap": ["starmap_sync", "starmap_async"],
  "Function.for_each": ["for_each_sync", "for_each_async"],
  "Function.spawn_map": ["spawn_map_sync", "spawn_map_async"],
  "Function.experimental_spawn_map": ["experimental_spawn_map_sync", "experimental_spawn_map_async"],
};

/** Methods that run in containers, where nobody watches them, each with the call that shows it. */
export const methodsByCall: Readonly<Record<string, string>> = {
  "Volume.commit": "VolumeCommit",
  "Volume.reload": "VolumeReload",
};
