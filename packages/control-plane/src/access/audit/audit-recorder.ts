import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import type { CallContext } from "@dorian/protocol/service";
import type { AnyPermission } from "../permission/permissions.ts";
import type { Tokens } from "../token/tokens.ts";
import type { AuditLog, NewEntry } from "./audit-log.ts";

export interface RecordedCall {
  permission: AnyPermission;
  method: DescMethod;
  request: object;
  context: CallContext;
}

export interface AuditRecorderOptions {
  log: AuditLog;
  tokens: Pick<Tokens, "get">;
  /** Scope of the environment that a call concerns, as far as one can tell; undefined for none or all. */
  scopeOf: (call: RecordedCall) => Promise<string | undefined>;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  onError: (error: unknown) => void;
}

/** Refusals of one caller that are written down in a minute: enough to be seen, too few to push others out. */
const mostDenied = 10;
const deniedWindowMs = 60_000;
/** Callers whose refusals are counted; the oldest give way. */
const mostCounted = 1024;
const mostTargets = 16;
const longestTarget = 128;

/** Fields that name what a call is about. None of them holds a value that is anybody's secret. */
const namingFields: readonly string[] = [
  "name",
  "deployment_name",
  "current_name",
  "app_name",
  "tag",
  "token",
];

/** Writes down what callers do: before it is done, so that nothing is done unwritten, and then how it ended. */
export class AuditRecorder {
  #options: AuditRecorderOptions;
  #denied = new Map<string, { count: number; endsAt: number }>();

  constructor(options: AuditRecorderOptions) {
    this.#options = options;
  }

  /** Does `work`, and writes down that it was done, if the call's permission says so. */
  async recording<T>(call: RecordedCall, work: () => T | Promise<T>): Promise<T> {
    const { audit } = call.permission;
    const action = typeof audit === "function" ? audit(call.request as never) : audit;
    if (action === undefined) return await work();
    const { log } = this.#options;
    const scope = await this.#options.scopeOf(call);
    const targets = targetsOf(call.method.input, call.request);
    const entryId = await log.begin({
      ...this.#actorOf(call.context),
      action,
      environment: scope ?? null,
      targets,
    });
    try {
      const response = await work();
      const made = response === undefined ? [] : targetsOf(call.method.output, response as object);
      await log.end(entryId, { status: "success", error: "", targets: bounded([...targets, ...made]) });
      return response;
    } catch (error) {
      await log.end(entryId, { status: "failed", error: codeOf(error), targets });
      throw error;
    }
  }

  /** Writes down that a caller was refused; not every time, for one that tries again and again. */
  denied(method: string, context: CallContext, error: unknown): void {
    const actor = this.#actorOf(context);
    if (actor.actor_kind === "nobody" || !this.#mayNote(`${actor.actor_kind} ${actor.actor_id}`)) return;
    const { identity } = context;
    const environment = identity.kind === "client" ? (identity.environment ?? null) : null;
    this.#options.log
      .note(
        { ...actor, action: method, environment, targets: [] },
        { status: "denied", error: codeOf(error) },
      )
      .catch(this.#options.onError);
  }

  #mayNote(caller: string): boolean {
    const now = this.#options.elapsedMs();
    const known = this.#denied.get(caller);
    if (known && known.endsAt > now) {
      known.count += 1;
      return known.count <= mostDenied;
    }
    this.#denied.delete(caller);
    this.#denied.set(caller, { count: 1, endsAt: now + deniedWindowMs });
    const [oldest] = this.#denied.keys();
    if (this.#denied.size > mostCounted && oldest !== undefined) this.#denied.delete(oldest);
    return true;
  }

  #actorOf({
    identity,
    peer = "",
    clientVersion = "",
  }: CallContext): Omit<NewEntry, "action" | "environment" | "targets"> {
    const who = { address: peer, client: clientVersion.slice(0, 64), actor_name: "" };
    switch (identity.kind) {
      case "client":
      case "command": {
        const actor_name = this.#options.tokens.get(identity.tokenId)?.name ?? "";
        return { ...who, actor_kind: "token", actor_id: identity.tokenId, actor_name };
      }
      case "task":
        return { ...who, actor_kind: "container", actor_id: identity.taskId };
      case "worker":
        return { ...who, actor_kind: "worker", actor_id: "" };
      case "anonymous":
        return { ...who, actor_kind: "nobody", actor_id: "" };
    }
  }
}

/** Ids and names at the top of a message. */
function targetsOf(desc: DescMessage, message: object): string[] {
  const values = message as Record<string, unknown>;
  const found = desc.fields.flatMap((field) => {
    const isNaming = field.name.endsWith("_id") || namingFields.includes(field.name);
    if (!isNaming || field.fieldKind !== "scalar") return [];
    const chosen =
      field.oneof && (values[field.oneof.localName] as { case?: string; value?: unknown } | undefined);
    const value = field.oneof
      ? chosen?.case === field.localName
        ? chosen.value
        : undefined
      : values[field.localName];
    return typeof value === "string" && value !== "" ? [value] : [];
  });
  return bounded(found);
}

function bounded(targets: readonly string[]): string[] {
  return [...new Set(targets)].slice(0, mostTargets).map((target) => target.slice(0, longestTarget));
}

function codeOf(error: unknown): string {
  return AppError.is(error) ? error.code : "UNEXPECTED";
}
