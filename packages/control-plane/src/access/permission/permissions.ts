import type { DescMethod, DescService, MessageShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import type { CallContext, Identity } from "@dorian/protocol/service";
import { methodEntries } from "@dorian/protocol/service";

/** Who may make a call, what it does, and how far callers are held to what they reach. */
export interface Permission<Request> {
  /** What a client's token must allow. "creation" is "write" when the request says that something is to be made, else "read". */
  client: "read" | "write" | "creation" | "no";
  /** Which containers may: those of functions with restricted access as well, or all but those. */
  task: "any" | "trusted" | "no";
  /**
   * For callers that do not reach everything. "request": what it names must be theirs. "handler": it gives them no more than
   * what is theirs, whatever it names. "everywhere": it concerns all environments, and is not for them.
   */
  reach: "request" | "handler" | "everywhere";
  others?: readonly ("anonymous" | "worker" | "command")[];
  /** What the audit log calls it; undefined for a request that is not written down. */
  audit?: string | ((request: Request) => string | undefined);
  /** The field that names an environment, where that has another name than elsewhere. */
  environmentField?: string;
  /** A field that may have an environment in front: "environment/name". */
  environmentPrefix?: string;
}

export type Permissions<S extends DescService> = {
  [K in keyof S["method"]]: Permission<MessageShape<S["method"][K]["input"]>>;
};

// What the audit makes of a request differs from call to call: here only that it makes something of it counts.
export type AnyPermission = Permission<never>;

/** Which callers there are, as far as permissions tell them apart. */
export type CallerKind = Identity["kind"] | "untrusted task";

/** True for containers of functions with restricted access. */
export type IsUntrusted = (taskId: string) => boolean;

/**
 * The permissions for a server to ask when a call's headers are there, before it takes any of the request.
 *
 * @throws AppError TOKEN_MISSING, TOKEN_READ_ONLY, TOKEN_SCOPE, PERMISSION_DENIED
 */
export function admission(
  services: [service: DescService, permissions: Record<string, AnyPermission>][],
  options: {
    isUntrusted: IsUntrusted;
    onDenied: (method: DescMethod, context: CallContext, error: unknown) => void;
  },
): (method: DescMethod, context: CallContext) => void {
  const byMethod = new Map<DescMethod, AnyPermission>();
  for (const [service, permissions] of services) {
    for (const [name, method] of methodEntries(service)) {
      const permission = permissions[name];
      if (permission) byMethod.set(method, permission);
    }
  }
  return (method, context) => {
    try {
      const permission = byMethod.get(method) ?? nobodys;
      checkCaller(permission, context.identity, { what: method.name, isUntrusted: options.isUntrusted });
    } catch (error) {
      options.onDenied(method, context, error);
      throw error;
    }
  };
}

const nobodys: AnyPermission = { client: "no", task: "no", reach: "everywhere" };

/** Judges who may make a call, as far as its name tells. @throws AppError */
export function checkCaller(
  permission: AnyPermission,
  identity: Identity,
  { what, isUntrusted }: { what: string; isUntrusted: IsUntrusted },
): void {
  const caller = kindOf(identity, isUntrusted);
  if (!isAllowed(permission, caller)) throw denied(permission, caller, what);
  if (identity.kind !== "client") return;
  if (identity.readOnly && permission.client === "write") throw readOnly(what);
  if (identity.environment !== undefined && permission.reach === "everywhere") {
    throw new AppError("TOKEN_SCOPE", `${what} concerns all environments, and this token reaches one only.`, {
      status: "PERMISSION_DENIED",
      remedy: "Use a token that reaches all environments.",
    });
  }
}

export function readOnly(what: string): AppError {
  return new AppError("TOKEN_READ_ONLY", `${what} changes or runs something, and this token may only read.`, {
    status: "PERMISSION_DENIED",
    remedy: "Use a token that was made without `--read-only`.",
  });
}

/** Refuses all but clients, in calls of which the request decides who may make them. @throws AppError PERMISSION_DENIED */
export function requireClient({ identity }: CallContext, what: string): void {
  if (identity.kind !== "client")
    throw denied({ client: "write", task: "no", reach: "request" }, identity.kind, what);
}

/** Refuses callers that are held to one environment, for what all share. @throws AppError TOKEN_SCOPE */
export function requireAllEnvironments({ identity }: CallContext, what: string): void {
  const permission = { client: "write", task: "no", reach: "everywhere" } as const;
  checkCaller(permission, identity, { what, isUntrusted: () => false });
}

const callerNames: Record<CallerKind, string> = {
  client: "a client",
  task: "a running container",
  "untrusted task": "a container of a function with restricted access",
  worker: "a worker",
  command: "a command's caller",
  anonymous: "a caller without a token",
};

function kindOf(identity: Identity, isUntrusted: IsUntrusted): CallerKind {
  return identity.kind === "task" && isUntrusted(identity.taskId) ? "untrusted task" : identity.kind;
}

function isAllowed({ client, task, others = [] }: AnyPermission, caller: CallerKind): boolean {
  switch (caller) {
    case "client":
      return client !== "no";
    case "task":
      return task !== "no";
    case "untrusted task":
      return task === "any";
    default:
      return others.includes(caller);
  }
}

function denied(permission: AnyPermission, caller: CallerKind, what: string): AppError {
  if (caller === "anonymous") {
    return new AppError("TOKEN_MISSING", "The call carries no token.", {
      status: "UNAUTHENTICATED",
      remedy:
        "Set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET to the values that `dorian token new` prints on the server's machine.",
    });
  }
  if (caller === "untrusted task" && permission.task === "trusted") {
    return new AppError("TASK_RESTRICTED", `${what} is not for ${callerNames[caller]}.`, {
      status: "PERMISSION_DENIED",
      remedy: "Do it in a function without `restrictModalAccess`, and pass the result on as an argument.",
    });
  }
  const kinds = ["client", "task", "worker", "command"] as const;
  const who = kinds.filter((kind) => isAllowed(permission, kind)).map((kind) => callerNames[kind]);
  return new AppError("PERMISSION_DENIED", `${what} is not for ${callerNames[caller]}.`, {
    status: "PERMISSION_DENIED",
    remedy: `Let ${who.join(" or ")} do it.`,
  });
}
