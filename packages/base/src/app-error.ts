/** Canonical status names shared by every transport. */
export type StatusName =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** What an AppError says beside its code and its message. */
export interface AppErrorOptions {
  /** What the reader should do next. */
  remedy: string;
  /** Default "FAILED_PRECONDITION". */
  status?: StatusName;
  /** What it came of; default: nothing that is known. */
  cause?: unknown;
}

const brand = Symbol.for("dorian.AppError");

/**
 * The one error class of Dorian's own failures: a stable `NOUN_PROBLEM` code, what happened (with the value),
 * and what to do next. Errors of user code are data and never this class.
 *
 * @example
 * throw new AppError("VOLUME_NOT_FOUND", `There is no volume named "weights".`, {
 *   status: "NOT_FOUND",
 *   remedy: "Create it with `dorian volume create weights`, or pass { createIfMissing: true }.",
 * });
 */
export class AppError extends Error {
  /** "AppError". */
  override readonly name = "AppError";
  /** In capitals; it never changes its meaning. docs/errors.md lists all. */
  readonly code: string;
  /** What kind of failure it is. */
  readonly status: StatusName;
  /** What to do next; "" where there is nothing to say. */
  readonly remedy: string;
  /** @internal Seen by `is`. */
  readonly [brand] = true;

  /** An error with its code and what happened. */
  constructor(code: string, message: string, options: AppErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? "FAILED_PRECONDITION";
    this.remedy = options.remedy;
  }

  /** @internal `error instanceof AppError` is true for one of any copy of this module, as {@link is} is. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === AppError ? AppError.is(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  }

  /** True for an AppError of any copy of this module: bundles each carry their own. */
  static is(value: unknown): value is AppError {
    return typeof value === "object" && value !== null && brand in value;
  }
}

/** Text of any thrown value, for messages that quote a cause. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What happened, and for an error of ours what to do next: for whoever gets text and not the error. The system's own, such
 * as "EIO: i/o error, open '/data/x'", is told without the path: callers are elsewhere.
 */
export function explanationOf(error: unknown): string {
  if (AppError.is(error)) return `${error.message} ${error.remedy}`.trim();
  const text = messageOf(error);
  return /^E[A-Z0-9]+: [^,]+(?=, \w+)/.exec(text)?.[0] ?? text;
}

/** The `code` of a Node system error ("ENOENT", …), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
