import { AppError } from "@dorian/base/app-error";

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
    const text = this.option(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < minimum) {
      throw new UsageError(`--${name} takes a whole number of at least ${minimum}, not "${text}".`);
    }
    return value;
  }

  /** A length of time such as "30d", "12h" or "90m", in seconds. */
  lengthOfTime(name: string): number | undefined {
    const text = this.option(name);
    if (text === undefined) return undefined;
    const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)$/.exec(text.trim()) ?? [];
    const seconds = Math.round(Number(amount) * (secondsOf[unit] ?? 0));
    if (amount === "" || seconds <= 0 || seconds > longestSecs) {
      throw new UsageError(`--${name} takes a length of time such as 30d, 12h or 90m, not "${text}".`);
    }
    return seconds;
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

/** A hundred years: what is meant to last for ever is given no length. */
const longestSecs = 100 * 365 * 86_400;
const secondsOf: Record<string, number> = { s: 1, min: 60, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** The command line itself is wrong: exit code 2. */
export class UsageError extends AppError {
  constructor(message: string, remedy = "") {
    super("COMMAND_USAGE", message, { status: "INVALID_ARGUMENT", remedy });
  }
}
