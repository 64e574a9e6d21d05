import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestCase } from "vitest/node";
import type { Span } from "./evidence.ts";

/** Writes down when each test began and ended, so that what was exercised meanwhile is the test's. */
export default class SpanReporter implements Reporter {
  #spans: Span[] = [];
  #begun = new Map<string, number>();

  onTestCaseReady(test: TestCase): void {
    this.#begun.set(test.id, Date.now());
  }

  onTestCaseResult(test: TestCase): void {
    const from = this.#begun.get(test.id) ?? Date.now();
    this.#spans.push({ test: test.fullName, from, to: Date.now(), passed: test.result().state === "passed" });
  }

  onTestRunEnd(): void {
    writeFileSync(join(process.env["DORIAN_EVIDENCE"] ?? ".", "spans.json"), JSON.stringify(this.#spans));
  }
}
