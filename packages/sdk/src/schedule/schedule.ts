import { AppError } from "@dorian/base/app-error";

/** When a function runs by itself: what {@link Cron} and {@link Period} make. */
export type Schedule = CronSchedule | PeriodSchedule;

/** Runs at times of the clock. */
export interface CronSchedule {
  /** Tells it from a period. */
  readonly kind: "cron";
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly expression: string;
  /** An IANA name. */
  readonly timeZone: string;
}

/** Runs again and again, so long after one another. */
export interface PeriodSchedule extends Required<PeriodLength> {
  /** Tells it from a cron line. */
  readonly kind: "period";
}

/** How long a period is: the sum of its parts. A `Temporal.Duration` is one. */
export interface PeriodLength {
  /** Whole years, which lead to the same day of the month, or to its last; default 0. */
  years?: number;
  /** Whole months, which lead to the same day of a later one, or to its last; default 0. */
  months?: number;
  /** Whole weeks; default 0. */
  weeks?: number;
  /** Whole days of 24 hours; default 0. */
  days?: number;
  /** Whole hours; default 0. */
  hours?: number;
  /** Whole minutes; default 0. */
  minutes?: number;
  /** Seconds, whole or not; default 0. */
  seconds?: number;
}

const fieldCount = 5;
const longestMonthDays = 31;
const longestSecs = 1200 * longestMonthDays * 24 * 3600;
const parts = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"] as const;

/**
 * Runs at times of the clock, as a line of cron says: minute, hour, day of the month, month, day of the week.
 * `timeZone` is an IANA name; default "UTC".
 *
 * @throws AppError SCHEDULE_INVALID for a line without five fields, or a time zone that there is not
 * @example
 * app.function({ name: "weekly", schedule: Cron("0 9 * * 1", { timeZone: "Europe/Berlin" }) }, async () => {
 *   console.log("Monday, nine o'clock in Berlin");
 * });
 */
export function Cron(expression: string, options: { timeZone?: string } = {}): CronSchedule {
  const { timeZone = "UTC" } = options;
  const count = expression.split(/\s+/).filter((field) => field !== "").length;
  if (count !== fieldCount) {
    throw invalid(
      `The cron schedule ${JSON.stringify(expression)} has ${count} ${count === 1 ? "field" : "fields"}.`,
      'Write five: minute, hour, day of the month, month, day of the week, as in "0 9 * * 1-5".',
    );
  }
  if (!isTimeZone(timeZone))
    throw invalid(`There is no time zone "${timeZone}".`, 'Write an IANA name, such as "Europe/Berlin".');
  return { kind: "cron", expression, timeZone };
}

/**
 * Runs again and again, counted from the moment of the deployment. A deployment that leaves the schedule as it is begins nothing
 * anew. At least one second, at most a hundred years.
 *
 * @throws AppError SCHEDULE_INVALID for a part that is negative or not whole, or a period that is too short or too long
 * @example
 * app.function({ name: "clean", schedule: Period({ hours: 4 }) }, async () => {
 *   console.log("every four hours");
 * });
 */
export function Period(length: PeriodLength): PeriodSchedule {
  const period = {} as Record<(typeof parts)[number], number>;
  for (const part of parts) {
    // Named one by one: a Temporal.Duration, which may be passed as it is, has them on its prototype.
    const value = (period[part] = length[part] ?? 0);
    const isFine = part === "seconds" ? Number.isFinite(value) : Number.isInteger(value);
    if (!isFine || value < 0) {
      throw invalid(
        `A period has ${part}: ${JSON.stringify(value)}.`,
        `It must be a ${part === "seconds" ? "" : "whole "}number, and not negative.`,
      );
    }
  }
  const remedy = "Write what it lasts, as in Period({ hours: 4 }).";
  const secs = secondsOf(period);
  if (secs < 1) throw invalid("A period is shorter than a second.", remedy);
  if (secs > longestSecs) throw invalid("A period is longer than a hundred years.", remedy);
  return { kind: "period", ...period };
}

/** As the server counts them, for which every month is a long one. */
function secondsOf({ years, months, weeks, days, hours, minutes, seconds }: Required<PeriodLength>): number {
  const wholeDays = (years * 12 + months) * longestMonthDays + weeks * 7 + days;
  return ((wholeDays * 24 + hours) * 60 + minutes) * 60 + seconds;
}

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function invalid(what: string, remedy: string): AppError {
  return new AppError("SCHEDULE_INVALID", what, { status: "INVALID_ARGUMENT", remedy });
}
