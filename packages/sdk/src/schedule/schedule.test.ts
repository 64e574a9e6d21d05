import { expect, test } from "vitest";
import { Cron, Period } from "./schedule.ts";

const invalid = expect.objectContaining({ code: "SCHEDULE_INVALID", status: "INVALID_ARGUMENT" });

test("a cron line keeps its time zone, which is UTC where none is said", () => {
  expect(Cron("0 9 * * 1-5", { timeZone: "Europe/Berlin" })).toEqual({
    kind: "cron",
    expression: "0 9 * * 1-5",
    timeZone: "Europe/Berlin",
  });
  expect(Cron("*/5 * * * *").timeZone).toBe("UTC");
});

test("a cron line of other than five fields, and a time zone that there is not, are refused where they are written", () => {
  expect(() => Cron("0 9 * *")).toThrow(invalid);
  expect(() => Cron("0 9 * *")).toThrow("has 4 fields");
  expect(() => Cron("")).toThrow("has 0 fields");
  expect(() => Cron("0 9 * * 1", { timeZone: "Mars/Olympus" })).toThrow('no time zone "Mars/Olympus"');
});

test("a period is the sum of its parts, of which the seconds may be a fraction", () => {
  expect(Period({ hours: 4 })).toEqual({
    kind: "period",
    years: 0,
    months: 0,
    weeks: 0,
    days: 0,
    hours: 4,
    minutes: 0,
    seconds: 0,
  });
  expect(Period({ seconds: 3.5 }).seconds).toBe(3.5);
});

test("a period lasts a hundred years at most, in whichever parts", () => {
  expect(Period({ years: 100 }).years).toBe(100);
  for (const length of [{ hours: 3e9 }, { years: 100, seconds: 1 }, { years: 99, months: 13 }])
    expect(() => Period(length)).toThrow("longer than a hundred years");
});

test.for([{}, { seconds: 0.5 }, { hours: -1 }, { days: 1.5 }, { seconds: NaN }, { seconds: Infinity }])(
  "a period of %j is refused",
  (length) => {
    expect(() => Period(length)).toThrow(invalid);
  },
);
