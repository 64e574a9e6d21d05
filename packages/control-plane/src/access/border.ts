import type { DescService } from "@bufbuild/protobuf";
import { GuestService } from "@dorian/protocol/guest";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { TaskCommandRouter } from "@dorian/protocol/task-command-router";
import { WorkerService } from "@dorian/protocol/worker";
import type { Logger } from "pino";
import type { AuditLog } from "./audit/audit-log.ts";
import { AuditRecorder } from "./audit/audit-recorder.ts";
import { scopeOfCall } from "./audit/scope-of-call.ts";
import type { Environments } from "./environment/environments.ts";
import { createGuard } from "./guard.ts";
import { modalPermissions } from "./permission/modal-permissions.ts";
import {
  commandPermissions,
  guestPermissions,
  operatorPermissions,
  workerPermissions,
} from "./permission/own-permissions.ts";
import { admission, type AnyPermission } from "./permission/permissions.ts";
import { Reach, type ReachOptions } from "./permission/reach.ts";
import type { Tokens } from "./token/tokens.ts";

export interface BorderOptions extends ReachOptions {
  auditLog: AuditLog;
  environments: Environments;
  tokens: Tokens;
  logger: Logger;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
}

const services: [DescService, Record<string, AnyPermission>][] = [
  [ModalClient, modalPermissions],
  [WorkerService, workerPermissions],
  [GuestService, guestPermissions],
  [OperatorService, operatorPermissions],
  [TaskCommandRouter, commandPermissions],
];

/** What stands between callers and handlers: permissions, how far each caller reaches, and the log of what is done. */
export function createBorder(options: BorderOptions) {
  const { auditLog, environments, scopeOfObject: environmentOf, tokens, logger, elapsedMs } = options;
  const reach = new Reach(options);
  const audit = new AuditRecorder({
    log: auditLog,
    tokens,
    scopeOf: (call) => scopeOfCall(call, { environments, scopeOfObject: environmentOf, reach }),
    elapsedMs,
    onError: (error) => logger.error({ err: error }, "a refusal could not be written down"),
  });
  const admit = admission(services, {
    isUntrusted: (taskId) => reach.isUntrusted(taskId),
    onDenied: (method, context, error) => audit.denied(method.name, context, error),
  });
  return { reach, admit, guard: createGuard({ reach, audit }) };
}
