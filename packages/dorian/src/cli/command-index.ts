import { group, type IndexEntry, leaf } from "./index-entry.ts";

/** All commands. Two of them are about the others, and are given them. */
export const commandIndex: IndexEntry[] = [
  leaf("init", "Make a new project", () => import("./commands/init.ts")),
  leaf("up", "Run a Dorian server and a worker on this machine", () => import("./commands/up.ts")),
  leaf("server", "Run the control plane alone", () => import("./commands/server.ts")),
  {
    ...leaf("worker", "Run a worker that joins a server", () => import("./commands/worker.ts")),
    entries: [
      leaf("list", "List workers", () => import("./commands/worker/list.ts")),
      leaf("drain", "Have a worker take no new work", () => import("./commands/worker/drain.ts")),
    ],
  },
  leaf(
    "run",
    "Run a function, a method or the local entrypoint of an app",
    () => import("./commands/run.ts"),
  ),
  leaf("deploy", "Deploy an app under a name that stays", () => import("./commands/deploy.ts")),
  leaf(
    "serve",
    "Run an app and publish it anew whenever its files change",
    () => import("./commands/serve.ts"),
  ),
  leaf("shell", "Open a shell in a container like a function's", () => import("./commands/shell.ts")),
  group("app", "List and control apps", [
    leaf("list", "List apps", () => import("./commands/app/list.ts")),
    leaf("stop", "Stop an app and its containers", () => import("./commands/app/stop.ts")),
    leaf("logs", "Show the log of an app", () => import("./commands/app/logs.ts")),
    leaf("history", "List the versions of a deployed app", () => import("./commands/app/history.ts")),
    leaf("rollback", "Go back to an earlier version of an app", () => import("./commands/app/rollback.ts")),
    leaf(
      "rollover",
      "Replace an app's containers without a pause",
      () => import("./commands/app/rollover.ts"),
    ),
  ]),
  group("container", "Look into running containers", [
    leaf("list", "List containers", () => import("./commands/container/list.ts")),
    leaf("logs", "Show the log of a container", () => import("./commands/container/logs.ts")),
    leaf("exec", "Run a command in a container", () => import("./commands/container/exec.ts")),
    leaf("stop", "Stop a container", () => import("./commands/container/stop.ts")),
    leaf(
      "timeline",
      "Show where the time of a container went",
      () => import("./commands/container/timeline.ts"),
    ),
  ]),
  group("call", "See calls, and cancel them", [
    leaf("list", "List calls", () => import("./commands/call/list.ts")),
    leaf(
      "show",
      "Show a call, its inputs, and where their time went",
      () => import("./commands/call/show.ts"),
    ),
    leaf("cancel", "Cancel a call", () => import("./commands/call/cancel.ts")),
  ]),
  group("volume", "Work with volumes and the files in them", [
    leaf("create", "Create a volume", () => import("./commands/volume/create.ts")),
    leaf("list", "List volumes", () => import("./commands/volume/list.ts")),
    leaf("ls", "List files in a volume", () => import("./commands/volume/ls.ts")),
    leaf("put", "Upload a file or directory", () => import("./commands/volume/put.ts")),
    leaf("get", "Download a file or directory", () => import("./commands/volume/get.ts")),
    leaf("rm", "Remove a file or directory from a volume", () => import("./commands/volume/rm.ts")),
    leaf("cp", "Copy files within a volume", () => import("./commands/volume/cp.ts")),
    leaf("rename", "Give a volume another name", () => import("./commands/volume/rename.ts")),
    leaf("delete", "Delete a volume and all its versions", () => import("./commands/volume/delete.ts")),
    leaf("versions", "List the versions of a volume", () => import("./commands/volume/versions.ts")),
  ]),
  group("secret", "Values that reach containers as variables, and nobody else", [
    leaf("create", "Create a secret", () => import("./commands/secret/create.ts")),
    leaf("list", "List secrets and the keys in them", () => import("./commands/secret/list.ts")),
    leaf("delete", "Delete a secret", () => import("./commands/secret/delete.ts")),
  ]),
  group("dict", "Look into dicts, and change them", [
    leaf("create", "Create a dict", () => import("./commands/dict/create.ts")),
    leaf("list", "List dicts", () => import("./commands/dict/list.ts")),
    leaf("get", "Print the value of a key", () => import("./commands/dict/get.ts")),
    leaf("put", "Put a value under a key", () => import("./commands/dict/put.ts")),
    leaf("items", "Show keys and values", () => import("./commands/dict/items.ts")),
    leaf("clear", "Remove all entries of a dict", () => import("./commands/dict/clear.ts")),
    leaf("delete", "Delete a dict", () => import("./commands/dict/delete.ts")),
  ]),
  group("queue", "Look into queues, and change them", [
    leaf("create", "Create a queue", () => import("./commands/queue/create.ts")),
    leaf("list", "List queues and how much is in them", () => import("./commands/queue/list.ts")),
    leaf("peek", "Show the items that come next", () => import("./commands/queue/peek.ts")),
    leaf("len", "Count the items of a queue", () => import("./commands/queue/len.ts")),
    leaf("put", "Put items into a queue", () => import("./commands/queue/put.ts")),
    leaf("clear", "Remove all items of a queue", () => import("./commands/queue/clear.ts")),
    leaf("delete", "Delete a queue", () => import("./commands/queue/delete.ts")),
  ]),
  group("environment", "Name spaces of apps, volumes, secrets, dicts and queues", [
    leaf("create", "Create an environment", () => import("./commands/environment/create.ts")),
    leaf("list", "List environments", () => import("./commands/environment/list.ts")),
    leaf("rename", "Give an environment another name", () => import("./commands/environment/rename.ts")),
    leaf(
      "delete",
      "Delete an environment and all that is in it",
      () => import("./commands/environment/delete.ts"),
    ),
  ]),
  group("image", "Look at built images", [
    leaf("list", "List image layers", () => import("./commands/image/list.ts")),
  ]),
  group("snapshot", "Memory that containers are brought back from", [
    leaf("list", "List memory snapshots", () => import("./commands/snapshot/list.ts")),
    leaf("delete", "Delete a memory snapshot", () => import("./commands/snapshot/delete.ts")),
  ]),
  group("token", "Credentials for clients", [
    leaf("new", "Print what a client needs to reach the server", () => import("./commands/token/new.ts")),
    leaf("list", "List the tokens that let clients in", () => import("./commands/token/list.ts")),
    leaf("revoke", "Take a token back", () => import("./commands/token/revoke.ts")),
    leaf(
      "approve",
      "Let a client in that waits in `modal token new`",
      () => import("./commands/token/approve.ts"),
    ),
  ]),
  leaf(
    "curl",
    "Send a request to a web function, with a token where it wants one",
    () => import("./commands/curl.ts"),
  ),
  leaf("completion", "Have a shell complete commands, options and names", async () => {
    const { completion } = await import("./commands/completion.ts");
    return { command: completion(commandIndex) };
  }),
  group("config", "Which server, token and environment are used", [
    leaf(
      "show",
      "Show the settings that count here, and where each comes from",
      () => import("./commands/config/show.ts"),
    ),
    leaf("set", "Keep a setting for all programs of this user", () => import("./commands/config/set.ts")),
    leaf("unset", "Forget a setting", () => import("./commands/config/unset.ts")),
    leaf("path", "Print where settings are kept", () => import("./commands/config/path.ts")),
  ]),
  group("audit", "See who did what", [
    leaf(
      "list",
      "List what was done to apps, secrets, tokens and volumes",
      () => import("./commands/audit/list.ts"),
    ),
  ]),
  group("service", "Have this machine run Dorian by itself", [
    leaf("install", "Install, start and enable the service", async () => {
      const { install } = await import("./commands/service/install.ts");
      return { command: install(commandIndex) };
    }),
    leaf("status", "Say how the service is", () => import("./commands/service/status.ts")),
    leaf("logs", "Show the log of the service", () => import("./commands/service/logs.ts")),
    leaf(
      "upgrade",
      "Restart the service into the installed version",
      () => import("./commands/service/upgrade.ts"),
    ),
    leaf("uninstall", "Stop and remove the service", () => import("./commands/service/uninstall.ts")),
  ]),
  leaf("backup", "Copy all that a server keeps, while it runs or not", () => import("./commands/backup.ts")),
  leaf("restore", "Make a data directory of a backup", () => import("./commands/restore.ts")),
  leaf("setup", "Install what this machine lacks for a server", () => import("./commands/setup.ts")),
  leaf("doctor", "Say what this machine can do, and what is missing", () => import("./commands/doctor.ts")),
];
