import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestCase } from "vitest/node";
import type { Span } from "./evidence.ts";

/** Writes down when each test began and ended, so that what was exercised meanwhile is the test's. */
export default class SpanReporter implements Reporter {
  #spans: Span[] = [];

  onTestCaseResult(test: TestCase): void {
    const diagnostic = test.diagnostic();
    if (!diagnostic) return;
    const { startTime, duration } = diagnostic;
    const passed = test.result().state === "passed";
    this.#spans.push({ test: test.fullName, from: startTime, to: startTime + duration, passed });
  }

  onTestRunEnd(): void {
    writeFileSync(join(process.env["DORIAN_EVIDENCE"] ?? ".", "spans.json"), JSON.stringify(this.#spans));
  }
}
