import { create } from "@bufbuild/protobuf";
import { ScheduleSchema, type Schedule } from "@dorian/protocol/modal";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { afterClockStep, checkSchedule, nextRunMs } from "./next-run.ts";

const cron = (cronString: string, timezone = "") =>
  create(ScheduleSchema, { scheduleOneof: { case: "cron", value: { cronString, timezone } } });

const none = { years: 0, months: 0, weeks: 0, days: 0, hours: 0, minutes: 0, seconds: 0 };
const period = (value: Partial<typeof none>) =>
  create(ScheduleSchema, { scheduleOneof: { case: "period", value: { ...none, ...value } } });

const after = (schedule: Schedule, afterAt: string, anchorAt = afterAt) => {
  const next = nextRunMs(schedule, { anchorMs: Date.parse(anchorAt), afterMs: Date.parse(afterAt) });
  return next === undefined ? undefined : new Date(next).toISOString();
};

test("a cron schedule follows the clock of its time zone, over its changes too [S1]", () => {
  expect(after(cron("0 9 * * 1-5"), "2025-03-07T10:00:00Z")).toBe("2025-03-10T09:00:00.000Z");
  const newYork = cron("0 9 * * *", "America/New_York");
  expect(after(newYork, "2025-03-08T00:00:00Z")).toBe("2025-03-08T14:00:00.000Z");
  expect(after(newYork, "2025-03-09T00:00:00Z")).toBe("2025-03-09T13:00:00.000Z");
  expect(after(cron("@daily"), "2025-03-08T00:00:00Z")).toBe("2025-03-09T00:00:00.000Z");
  // A day of the month or of the week.
  expect(after(cron("0 4 1 * 1"), "2025-03-02T00:00:00Z")).toBe("2025-03-03T04:00:00.000Z");
});

test("months are those of the calendar, counted from the anchor, and end where they end", () => {
  const monthly = period({ months: 1 });
  const anchor = "2025-01-31T08:00:00Z";
  expect(after(monthly, anchor)).toBe("2025-02-28T08:00:00.000Z");
  expect(after(monthly, "2025-03-01T00:00:00Z", anchor)).toBe("2025-03-31T08:00:00.000Z");
  expect(after(period({ years: 1 }), "2024-02-29T00:00:00Z")).toBe("2025-02-28T00:00:00.000Z");
});

const seconds = fc.double({ min: 0, max: 100, noNaN: true }).map(Math.fround);
const anyPeriod = fc
  .record({
    years: fc.nat(1),
    months: fc.nat(3),
    weeks: fc.nat(1),
    days: fc.nat(2),
    hours: fc.nat(30),
    minutes: fc.nat(90),
    seconds,
  })
  .filter((value) => Object.values(value).some((part) => part >= 1));

test("runs of a period come one by one, later than asked, whatever the moment that is asked about", () => {
  const moment = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(anyPeriod, moment, fc.nat(10 * 365 * 24 * 3600_000), (value, anchorMs, laterMs) => {
      const schedule = period(value);
      const afterMs = anchorMs + laterMs;
      const next = nextRunMs(schedule, { anchorMs, afterMs }) ?? 0;
      expect(next).toBeGreaterThan(afterMs);
      // Asked right before it, the answer is the same; at it, a later one: none is left out and none comes twice.
      expect(nextRunMs(schedule, { anchorMs, afterMs: next - 1 })).toBe(next);
      expect(nextRunMs(schedule, { anchorMs, afterMs: next })).toBeGreaterThan(next);
    }),
    { numRuns: 200 },
  );
});

test("a fixed period keeps its phase", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.nat(1e9),
      fc.nat(1e12),
      (secs, anchorMs, laterMs) => {
        const next = nextRunMs(period({ seconds: secs }), { anchorMs, afterMs: anchorMs + laterMs }) ?? 0;
        expect((next - anchorMs) % (secs * 1000)).toBe(0);
        expect(next - (anchorMs + laterMs)).toBeLessThanOrEqual(secs * 1000);
      },
    ),
  );
});

test("what is no schedule is refused with an example of one", () => {
  for (const wrong of [
    cron("61 * * * *"),
    cron("* * * * * *"),
    cron("tomorrow"),
    cron("0 0 31 2 *"),
    cron("0 9 * * *", "Mars/Olympus"),
    cron(`${"0-59,".repeat(1_000)}0 * * * *`),
    cron("0 9 * * *", `Europe/${"B".repeat(1_000)}`),
    period({}),
    period({ seconds: 0.5 }),
    period({ hours: -1, days: 2 }),
    period({ seconds: Infinity }),
    period({ seconds: NaN }),
    period({ seconds: 3e38 }),
    period({ months: 2 ** 31 - 1 }),
    period({ years: 2 ** 31 - 1 }),
  ]) {
    expect(() => checkSchedule(wrong)).toThrow(expect.objectContaining({ code: "SCHEDULE_INVALID" }));
  }
  for (const right of [
    cron("*/5 * * * *", "Europe/Berlin"),
    cron(
      [60, 24, 32, 13, 7]
        .map((end) =>
          Array.from({ length: end }, (_, n) => n)
            .filter((n) => end === 60 || end === 24 || n > 0)
            .join(","),
        )
        .join(" "),
    ),
    period({ seconds: 1.5 }),
    create(ScheduleSchema),
  ])
    expect(() => checkSchedule(right)).not.toThrow();
});

test("setting the clock back repeats no run, and loses none for long [L6]", () => {
  const noon = Date.parse("2025-03-08T12:00:00Z");
  const hour = 3600_000;
  const planned = (schedule: Schedule) => {
    const anchorMs = noon - 24 * hour;
    return { anchorMs, nextMs: nextRunMs(schedule, { anchorMs, afterMs: noon }) ?? 0 };
  };
  const waitAfterStep = (schedule: Schedule, stepMs: number) =>
    afterClockStep(schedule, planned(schedule), noon + stepMs).nextMs - (noon + stepMs);
  // The run of noon has been; it is not due again.
  expect(waitAfterStep(cron("0 12 * * *"), -60_000)).toBe(24 * hour + 60_000);
  expect(waitAfterStep(cron("0 12 * * *"), -hour)).toBe(25 * hour);
  expect(waitAfterStep(cron("0 * * * *"), -hour)).toBe(2 * hour);
  // What runs often goes on.
  expect(waitAfterStep(cron("* * * * *"), -hour)).toBe(60_000);
  expect(waitAfterStep(period({ seconds: 10 }), -hour)).toBe(10_000);
  // A clock that had been a year ahead, also when the schedule was put in force.
  expect(waitAfterStep(cron("0 12 * * *"), -365 * 24 * hour)).toBe(24 * hour);
  expect(waitAfterStep(period({ hours: 1 }), -365 * 24 * hour)).toBe(hour);
});

test("whenever the clock is set, a schedule waits at most for twice the time between two runs [L6]", () => {
  const day = 24 * 3600_000;
  const schedule = fc.oneof(
    fc.integer({ min: 1, max: 3 * 86_400 }).map((seconds) => period({ seconds })),
    fc.constantFrom("* * * * *", "*/7 * * * *", "0 * * * *", "30 4 * * *").map((text) => cron(text)),
  );
  fc.assert(
    fc.property(schedule, fc.integer({ min: -400 * day, max: 400 * day }), (each, stepMs) => {
      const atMs = Date.parse("2025-03-08T12:00:00Z");
      const anchorMs = atMs - day;
      const nextMs = nextRunMs(each, { anchorMs, afterMs: atMs }) ?? 0;
      const gapMs = (nextRunMs(each, { anchorMs, afterMs: nextMs }) ?? 0) - nextMs;
      const after = afterClockStep(each, { anchorMs, nextMs }, atMs + stepMs);
      expect(after.nextMs - (atMs + stepMs)).toBeLessThanOrEqual(2 * gapMs);
      expect(after.nextMs > atMs + stepMs || after.nextMs === nextMs).toBe(true);
    }),
  );
});

test.each([
  ["61 * * * *", "", 'The cron schedule "61 * * * *" is not one: Invalid value for minute: 61.'],
  ["* * * * * *", "", 'The cron schedule "* * * * * *" is not one: it has 6 fields.'],
  ["", "", 'The cron schedule "" is not one: it has 0 fields.'],
  ["0 9 * * *", "Mars/Base", 'There is no time zone "Mars/Base".'],
])("the schedule %j in zone %j is refused in words of our own [A23]", (cronString, timezone, message) => {
  expect(() => checkSchedule(cron(cronString, timezone))).toThrow(expect.objectContaining({ message }));
});
