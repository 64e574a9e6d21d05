import { expect, test } from "vitest";
import { isClean, pageOf, renderReport, reportOf } from "./suites-report.ts";
import type { TestOutcome } from "./test-outcome.ts";

function outcome(name: string, failure?: string): TestOutcome {
  const state = failure === undefined ? "passed" : "failed";
  return { suite: "js", file: "test/proxy.test.ts", name, state, failure: failure ?? "" };
}

const run = (outcomes: TestOutcome[]) =>
  reportOf({ commit: "0123456789abcdef", version: "1.2.3", suites: ["js"], outcomes });

test("a test is excused by its name together with the words that it fails with", () => {
  const words = "NotFoundError: Proxy 'libmodal-test-proxy' not found";
  const excused = run([outcome("passes"), outcome("CreateSandboxWithProxy", words)]);
  expect(isClean(excused)).toBe(true);
  expect(renderReport(excused)).toBe(
    "JavaScript 1.2.3: 1 passed, 0 failed, 1 excused\n  excused 1: needs a proxy with a fixed address, a product of the vendor's",
  );
  for (const other of [outcome("CreateSandboxWithProxy", "TypeError: x"), outcome("ProxyNotFound", words)]) {
    const failing = run([outcome("passes"), other]);
    expect(isClean(failing)).toBe(false);
    expect(renderReport(failing)).toContain(`failed test/proxy.test.ts: ${other.name}`);
  }
});

test("a run in which nothing passed shows nothing", () => {
  expect(isClean(run([]))).toBe(false);
});

test("the page says when, of what, and names every test that did not pass", () => {
  const page = pageOf(run([outcome("passes"), outcome("Broken", "TypeError: x")]), {
    date: new Date("2026-01-02T03:04:05Z"),
    dorian: "9.9.9",
  });
  expect(page).toContain("2026-01-02, Dorian 9.9.9, the repository at 0123456789ab.");
  expect(page).toContain("| JavaScript 1.2.3 | 1 | 1 | 0 |");
  expect(page).toContain("## JavaScript: failed\n\n* `test/proxy.test.ts`: `Broken`");
});
