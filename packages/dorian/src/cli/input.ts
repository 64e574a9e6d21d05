import { AppError } from "@dorian/base/app-error";
import { secondsOfLength } from "./length-of-time.ts";
import { parseMoment } from "./moment.ts";

/** What was typed after a command: its arguments and options by name. */
export class Input {
  #arguments: Record<string, string | string[] | undefined>;
  #options: Record<string, string | boolean | undefined>;

  constructor(
    args: Record<string, string | string[] | undefined>,
    options: Record<string, string | boolean | undefined>,
  ) {
    this.#arguments = args;
    this.#options = options;
  }

  argument(name: string): string {
    const value = this.#arguments[name];
    if (typeof value !== "string") throw new UsageError(`The argument <${name}> is missing.`);
    return value;
  }

  optionalArgument(name: string): string | undefined {
    const value = this.#arguments[name];
    return typeof value === "string" ? value : undefined;
  }

  variadic(name: string): string[] {
    const value = this.#arguments[name];
    return Array.isArray(value) ? value : [];
  }

  flag(name: string): boolean {
    return this.#options[name] !== undefined && this.#options[name] !== false;
  }

  option(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === "string" ? value : undefined;
  }

  /** A whole number of at least `minimum`. */
  wholeNumber(name: string, minimum: number): number | undefined {
    return wholeNumberOf(this.option(name), `--${name}`, minimum);
  }

  /** The same, of an argument that may be left out. */
  wholeArgument(name: string, minimum: number): number | undefined {
    return wholeNumberOf(this.optionalArgument(name), `<${name}>`, minimum);
  }

  /** A length of time such as "30d", "12h" or "90m", in seconds. */
  lengthOfTime(name: string): number | undefined {
    const text = this.option(name);
    if (text === undefined) return undefined;
    const seconds = secondsOfLength(text);
    if (seconds === undefined)
      throw new UsageError(`--${name} takes a length of time such as 30d, 12h or 90m, not "${text}".`);
    return seconds;
  }

  /** A moment, such as "12h" (ago) or "2026-11-30T08:15", in milliseconds since 1970. */
  moment(name: string, nowMs: number): number | undefined {
    const text = this.option(name);
    if (text === undefined) return undefined;
    const ms = parseMoment(text, nowMs);
    if (ms !== undefined) return ms;
    throw new UsageError(
      `--${name} takes how long ago, such as 12h or 90m, or a moment such as 2026-11-30T08:15, not "${text}".`,
    );
  }

  /** One of some words. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.option(name);
    if (text === undefined) return undefined;
    const chosen = choices.find((choice) => choice === text);
    if (chosen !== undefined) return chosen;
    throw new UsageError(`--${name} takes ${choices.join(", ")}, not "${text}".`);
  }

  /** A number above zero. */
  positiveNumber(name: string): number | undefined {
    const text = this.option(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isFinite(value) || value <= 0) {
      throw new UsageError(`--${name} takes a number above 0, not "${text}".`);
    }
    return value;
  }
}

/** The command line itself is wrong: exit code 2. */
export class UsageError extends AppError {
  constructor(message: string, remedy = "") {
    super("COMMAND_USAGE", message, { status: "INVALID_ARGUMENT", remedy });
  }
}

function wholeNumberOf(text: string | undefined, what: string, minimum: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= minimum) return value;
  throw new UsageError(`${what} takes a whole number of at least ${minimum}, not "${text}".`);
}
