import type { GuestService } from "@dorian/protocol/guest";
import type { OperatorService } from "@dorian/protocol/operator";
import type { TaskCommandRouter } from "@dorian/protocol/task-command-router";
import type { WorkerService } from "@dorian/protocol/worker";
import type { Permission, Permissions } from "./permissions.ts";

const workers = {
  client: "no",
  task: "no",
  reach: "handler",
  others: ["worker"],
} as const satisfies Permission<unknown>;

export const workerPermissions: Permissions<typeof WorkerService> = {
  join: workers,
  volumeAppend: workers,
  volumeHead: workers,
};

/** What workers answer themselves is not served here. */
export const guestPermissions: Permissions<typeof GuestService> = {
  reportPhase: { client: "no", task: "no", reach: "handler" },
  exchangeInputs: { client: "no", task: "any", reach: "handler" },
};

/** Their token is for one container: what they name beside it is held against the token that came from. */
const commands = {
  client: "no",
  task: "no",
  reach: "request",
  others: ["command"],
} as const satisfies Permission<unknown>;

export const commandPermissions: Permissions<typeof TaskCommandRouter> = {
  taskExecPoll: commands,
  taskExecStart: { ...commands, audit: "container.exec" },
  taskExecStdinWrite: commands,
  taskExecStdioRead: commands,
  taskExecWait: commands,
};

export const operatorPermissions: Permissions<typeof OperatorService> = {
  serverInfo: { client: "read", task: "no", reach: "handler" },
  workerDrain: { client: "write", task: "no", reach: "everywhere", audit: "worker.drain" },
  stateCopy: { client: "write", task: "no", reach: "everywhere", audit: "backup.take" },
  imageList: { client: "read", task: "no", reach: "everywhere" },
  snapshotList: { client: "read", task: "no", reach: "everywhere" },
  snapshotDelete: { client: "write", task: "no", reach: "everywhere", audit: "snapshot.delete" },
  volumeVersions: { client: "read", task: "no", reach: "request" },
  volumeHandOver: { client: "write", task: "no", reach: "request" },
  taskTimeline: { client: "read", task: "no", reach: "request" },
  callList: { client: "read", task: "no", reach: "request" },
  callShow: { client: "read", task: "no", reach: "request" },
  containerExec: { client: "write", task: "no", reach: "request", audit: "container.exec" },
  tokenApprove: { client: "write", task: "no", reach: "handler", audit: "token.approve" },
  tokenCreate: { client: "write", task: "no", reach: "request", audit: "token.create" },
  tokenList: { client: "read", task: "no", reach: "handler" },
  tokenRevoke: { client: "write", task: "no", reach: "handler", audit: "token.revoke" },
};
