import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import { methodEntries } from "@dorian/protocol/service";
import type { AuditRecorder } from "./audit/audit-recorder.ts";
import { checkCaller, type AnyPermission, type Permissions } from "./permission/permissions.ts";
import type { Reach } from "./permission/reach.ts";

type Handler = (request: unknown, context: CallContext) => unknown;

/** Puts handlers behind their permissions, and writes down what is done through them. */
export function createGuard({ reach, audit }: { reach: Reach; audit: AuditRecorder }) {
  return function guard<S extends DescService>(
    service: S,
    handlers: ServiceHandlers<S>,
    permissions: Permissions<S>,
  ): ServiceHandlers<S> {
    const guarded: Record<string, unknown> = {};
    for (const [name, method] of methodEntries(service)) {
      const handler = (handlers as Record<string, Handler | undefined>)[name];
      if (handler)
        guarded[name] = guardedHandler({ method, handler, permission: permissions[name], reach, audit });
    }
    return guarded as ServiceHandlers<S>;
  };
}

interface Guarded {
  method: DescMethod;
  handler: Handler;
  permission: AnyPermission;
  reach: Reach;
  audit: AuditRecorder;
}

function guardedHandler({ method, handler, permission, reach, audit }: Guarded): Handler {
  const what = { what: method.name, isUntrusted: (taskId: string) => reach.isUntrusted(taskId) };
  const check = async (request: unknown, context: CallContext) => {
    try {
      checkCaller(permission, context.identity, what);
      await reach.check(permission, method, request as object, context.identity);
    } catch (error) {
      audit.denied(method.name, context, error);
      throw error;
    }
  };
  const isLookedAt = permission.reach === "request" || permission.client === "creation";
  const isFree = (context: CallContext) =>
    permission.audit === undefined && (!isLookedAt || isUnlimited(context));
  switch (method.methodKind) {
    case "unary":
      return async (request, context) => {
        if (isFree(context)) {
          checkCaller(permission, context.identity, what);
          return await handler(request, context);
        }
        await check(request, context);
        return await audit.recording({ permission, method, request: request as object, context }, () =>
          handler(request, context),
        );
      };
    case "server_streaming":
      return async function* (request, context) {
        await check(request, context);
        yield* handler(request, context) as AsyncIterable<unknown>;
      };
    default:
      return async function* (requests, context) {
        checkCaller(permission, context.identity, what);
        const checked = checkedRequests(requests as AsyncIterable<object>, async (request, isFirst) => {
          await check(request, context);
          if (isFirst) await audit.recording({ permission, method, request, context }, () => undefined);
        });
        yield* handler(checked, context) as AsyncIterable<unknown>;
      };
  }
}

/** Reaches everything and may do everything: nothing of its requests is looked at. The way of most calls. */
function isUnlimited({ identity }: CallContext): boolean {
  if (identity.kind === "client") return identity.environment === undefined && !identity.readOnly;
  return identity.kind === "worker" || identity.kind === "anonymous";
}

async function* checkedRequests(
  requests: AsyncIterable<object>,
  check: (request: object, isFirst: boolean) => Promise<void>,
): AsyncGenerator<object> {
  let isFirst = true;
  for await (const request of requests) {
    await check(request, isFirst);
    isFirst = false;
    yield request;
  }
}
