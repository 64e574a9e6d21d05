import type { DescMessage } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { ObjectCreationType } from "@dorian/protocol/modal";
import type { Identity } from "@dorian/protocol/service";
import { setImmediate as nextTurn } from "node:timers/promises";
import { namedInRequest, type NamedInRequest } from "./named-in-request.ts";
import { readOnly, type AnyPermission } from "./permissions.ts";

/** Scope of the environment that an object is in; "all" for what all share, undefined for what is not known. */
export type ScopeOfObject = (id: string) => Promise<string | "all" | undefined>;

/** A container, as far as it decides what may be reached from it. */
export interface ReachingTask {
  appId: string;
  functionId: string;
  /** Its function has restricted access. */
  isUntrusted: boolean;
  /** Whether an id is that of an input, a call or an argument which it works on. */
  worksOn(id: string): boolean;
}

/** Some milliseconds of looking up. */
const looksInTurn = 200;

export interface ReachOptions {
  environments: { nameOf(scope: string): string; lookup(name: string): { scope: string } | undefined };
  scopeOfObject: ScopeOfObject;
  /** Who made a blob. */
  blobMaker: (blobId: string) => string | undefined;
  tokens: { get(tokenId: string): { environment?: string | undefined } | undefined };
  /** Undefined for one that the server does not count on any more. */
  task: (taskId: string) => ReachingTask | undefined;
  scopeOfApp: (appId: string) => string | undefined;
}

/** Holds callers that do not reach everything to what they reach, whatever their requests name. */
export class Reach {
  #options: ReachOptions;

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /** Containers of functions with restricted access, and those that the server does not count on any more. */
  isUntrusted(taskId: string): boolean {
    return this.#options.task(taskId)?.isUntrusted ?? true;
  }

  /** Scope of the only environment that a caller reaches; undefined for one that reaches all. */
  scopeOf(identity: Identity): string | undefined {
    const { tokens, task, scopeOfApp: appEnvironment } = this.#options;
    switch (identity.kind) {
      case "client":
        return identity.environment;
      case "command":
        return tokens.get(identity.tokenId)?.environment;
      case "task": {
        const appId = task(identity.taskId)?.appId;
        // What is over reaches nothing: no environment has this scope.
        return (appId === undefined ? undefined : appEnvironment(appId)) ?? "";
      }
      default:
        return undefined;
    }
  }

  /**
   * Checks a request against its caller, before anything is done. An environment that is not named is the caller's own.
   *
   * @throws AppError TOKEN_READ_ONLY, TOKEN_SCOPE, TASK_SCOPE, TASK_RESTRICTED
   */
  async check(
    permission: AnyPermission,
    method: { name: string; input: DescMessage },
    request: object,
    identity: Identity,
  ): Promise<void> {
    if (
      identity.kind === "client" &&
      identity.readOnly &&
      permission.client === "creation" &&
      creates(request)
    )
      throw readOnly(method.name);
    if (permission.reach !== "request") return;
    const scope = this.scopeOf(identity);
    if (scope === undefined) return;
    const named = namedInRequest(method.input, request, permission);
    this.#checkNames(named, scope, identity);
    const isRestricted = identity.kind === "task" && this.isUntrusted(identity.taskId);
    let looked = 0;
    for (const id of named.ids) {
      // An answer that is there takes no turn of the event loop, however many there are.
      if (++looked % looksInTurn === 0) await nextTurn();
      if (isRestricted) this.#checkOwn(id, identity.taskId);
      else await this.#checkId(id, scope, identity);
    }
  }

  #checkNames(named: NamedInRequest, scope: string, identity: Identity): void {
    const { environments } = this.#options;
    const own = environments.nameOf(scope);
    for (const { name, replace } of named.environments) {
      if (name === "" && replace) replace(own);
      else if (name !== own || environments.lookup(name)?.scope !== scope)
        throw this.#beyond(`the environment "${name}" is another`, own, identity);
    }
  }

  async #checkId(id: string, scope: string, identity: Identity): Promise<void> {
    const found = await this.#options.scopeOfObject(id);
    if (found === undefined || found === scope) return;
    // A container is given blobs of callers who reach everything.
    if (found === "all" && (identity.kind === "task" || !id.startsWith("bl-"))) return;
    throw this.#beyond(`${id} is not in it`, this.#options.environments.nameOf(scope), identity);
  }

  /** What a container of a function with restricted access may name: itself, its function, its inputs and their blobs. */
  #checkOwn(id: string, taskId: string): void {
    const task = this.#options.task(taskId);
    const isOwn =
      task !== undefined &&
      (id === taskId ||
        id === task.functionId ||
        id === task.appId ||
        this.#options.blobMaker(id) === taskId ||
        task.worksOn(id));
    if (isOwn) return;
    throw new AppError(
      "TASK_RESTRICTED",
      `${id} is not this container's own, and its function has restricted access.`,
      {
        status: "PERMISSION_DENIED",
        remedy: "Do it in a function without `restrictModalAccess`, and pass the result on as an argument.",
      },
    );
  }

  #beyond(because: string, own: string, identity: Identity): AppError {
    if (identity.kind === "task") {
      return new AppError(
        "TASK_SCOPE",
        `A container reaches its own environment, "${own}", and ${because}.`,
        {
          status: "PERMISSION_DENIED",
          remedy: "Deploy both into one environment, or do it from outside.",
        },
      );
    }
    return new AppError("TOKEN_SCOPE", `The token reaches the environment "${own}" only, and ${because}.`, {
      status: "PERMISSION_DENIED",
      remedy: "Use a token for that environment, or one that reaches all.",
    });
  }
}

/** Whether a request says that something is to be made where there is none. */
function creates(request: object): boolean {
  const { objectCreationType = ObjectCreationType.UNSPECIFIED } = request as {
    objectCreationType?: ObjectCreationType;
  };
  return objectCreationType !== ObjectCreationType.UNSPECIFIED;
}
