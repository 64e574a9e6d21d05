export type { TestClock } from "./clock/test-clock.ts";
export { runInProcess, type InProcessOptions, type InProcessRun } from "./run-in-process.ts";
