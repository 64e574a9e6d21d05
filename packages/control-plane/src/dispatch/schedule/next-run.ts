import { AppError, messageOf } from "@dorian/base/app-error";
import type { Schedule, Schedule_Cron, Schedule_Period } from "@dorian/protocol/modal";
import { Cron } from "croner";

const shortestPeriodMs = 1_000;
const longestMonthMs = 31 * 24 * 3600_000;
/** Far beyond it there are no dates. */
const longestPeriodMs = 1200 * longestMonthMs;
/** Characters: it is read anew for each run. More than every minute, hour, day and month of its own takes. */
const longestCron = 1_000;

/**
 * When a schedule runs next after a moment; undefined when it never does.
 *
 * @param anchorMs - Since when the schedule has been in force: periods are counted from there.
 */
export function nextRunMs(
  schedule: Schedule,
  options: { anchorMs: number; afterMs: number },
): number | undefined {
  const { case: kind, value } = schedule.scheduleOneof;
  if (kind === "cron") return cronOf(value).nextRun(new Date(options.afterMs))?.getTime();
  if (kind === "period") return nextPeriodMs(value, options);
  return undefined;
}

/**
 * When a schedule runs next after the clock was set. What is due within twice the time between two runs stays as it is, so that setting
 * the clock back repeats no run; what would come much later, because the clock had been ahead, is found anew.
 */
export function afterClockStep(
  schedule: Schedule,
  planned: { anchorMs: number; nextMs: number },
  nowMs: number,
): { anchorMs: number; nextMs: number } {
  const { anchorMs, nextMs } = planned;
  const following = nextRunMs(schedule, { anchorMs, afterMs: nextMs });
  if (following === undefined) return planned;
  const isFar = (dueMs: number) => dueMs - nowMs > 2 * (following - nextMs);
  if (!isFar(nextMs)) return planned;
  const anew = nextRunMs(schedule, { anchorMs, afterMs: nowMs }) ?? nextMs;
  if (!isFar(anew) || schedule.scheduleOneof.case !== "period") return { anchorMs, nextMs: anew };
  // It was put in force by a clock that was ahead.
  return {
    anchorMs: nowMs,
    nextMs: nextRunMs(schedule, { anchorMs: nowMs, afterMs: nowMs }) ?? anew,
  };
}

/** @throws AppError SCHEDULE_INVALID */
export function checkSchedule(schedule: Schedule): void {
  const { case: kind, value } = schedule.scheduleOneof;
  if (kind === "cron") {
    if (value.cronString.length > longestCron || value.timezone.length > longestCron)
      throw invalid(`A cron schedule and its time zone have ${longestCron} characters each at most.`);
    const next = cronOf(value).nextRun();
    if (!next) throw invalid(`"${value.cronString}" never comes.`);
  }
  if (kind !== "period") return;
  const { months, fixedMs } = lengthOf(value);
  const isNegative = Object.values(value).some((part) => typeof part === "number" && part < 0);
  const lengthMs = months * longestMonthMs + fixedMs;
  // Turned round for what is no number.
  if (isNegative || !(lengthMs >= shortestPeriodMs && lengthMs <= longestPeriodMs))
    throw invalid("A period lasts from one second to a hundred years.");
}

function cronOf({ cronString, timezone }: Schedule_Cron): Cron {
  try {
    const cron = new Cron(cronString, { timezone: timezone || "UTC", mode: "5-part", paused: true });
    // Unknown time zones are told of at the first use.
    cron.nextRun();
    return cron;
  } catch (error) {
    if (timezone !== "" && !isTimeZone(timezone))
      throw invalid(`There is no time zone "${timezone}".`, error);
    throw invalid(`The cron schedule "${cronString}" is not one: ${whyNot(cronString, error)}`, error);
  }
}

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Says what is wrong with a schedule: of fields in the right number the library does, with its own name, which is left out. */
function whyNot(cronString: string, error: unknown): string {
  const count = cronString.split(/\s+/).filter((field) => field !== "").length;
  if (count !== 5) return `it has ${count} ${count === 1 ? "field" : "fields"}.`;
  return `${messageOf(error).replace(/^\w+: /, "")}.`;
}

function nextPeriodMs(
  period: Schedule_Period,
  { anchorMs, afterMs }: { anchorMs: number; afterMs: number },
): number {
  const { months, fixedMs } = lengthOf(period);
  const run = (count: number) => addMonths(anchorMs, count * months) + Math.round(count * fixedMs);
  // No run can come earlier than if every month were a long one.
  const atLeast = Math.floor((afterMs - anchorMs) / (months * longestMonthMs + fixedMs));
  let count = Math.max(1, atLeast);
  while (run(count) <= afterMs) count++;
  return run(count);
}

function lengthOf(period: Schedule_Period): { months: number; fixedMs: number } {
  const { years, months, weeks, days, hours, minutes, seconds } = period;
  const fixedMs = ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return { months: years * 12 + months, fixedMs };
}

/** Finds the same day and time of a later month in UTC, or that month's last day. */
function addMonths(fromMs: number, months: number): number {
  if (months === 0) return fromMs;
  const date = new Date(fromMs);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}

function invalid(what: string, cause?: unknown): AppError {
  return new AppError("SCHEDULE_INVALID", what, {
    status: "INVALID_ARGUMENT",
    remedy: 'Write five fields, such as "0 9 * * 1-5", with an IANA time zone; or a period such as hours=1.',
    cause,
  });
}
