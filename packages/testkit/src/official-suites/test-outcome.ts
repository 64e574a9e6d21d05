/** The suites that can run against a server. */
export const suiteNames = ["js", "go"] as const;

export type SuiteName = (typeof suiteNames)[number];

/** What became of one test. */
export interface TestOutcome {
  suite: SuiteName;
  /** Below the suite's folder. */
  file: string;
  name: string;
  state: "passed" | "failed" | "skipped";
  /** What the suite said of a failure. */
  failure: string;
}
