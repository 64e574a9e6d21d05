import { expect, test } from "vitest";
import { parseMoment } from "./moment.ts";

const nowMs = Date.parse("2026-11-30T12:00:00Z");

test.each([
  ["90s", "2026-11-30T11:58:30.000Z"],
  ["2h", "2026-11-30T10:00:00.000Z"],
  ["1.5d", "2026-11-29T00:00:00.000Z"],
  ["2026-11-30T08:15Z", "2026-11-30T08:15:00.000Z"],
  ["2026-11-30 08:15:30+02:00", "2026-11-30T06:15:30.000Z"],
])("%s is a moment", (text, wanted) => {
  expect(new Date(parseMoment(text, nowMs) ?? 0).toISOString()).toBe(wanted);
});

test("a date, or a time without a zone, is of this machine's zone", () => {
  expect(parseMoment("2026-11-30", nowMs)).toBe(new Date(2026, 10, 30).getTime());
  expect(parseMoment("2026-11-30T08:15", nowMs)).toBe(new Date(2026, 10, 30, 8, 15).getTime());
});

test.each(["yesterday", "12", "-2h", "2026-13-01", "2026", "08:15", ""])("%j is none", (text) => {
  expect(parseMoment(text, nowMs)).toBeUndefined();
});
