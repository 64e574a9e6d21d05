import type { Finding } from "../doctor/checks.ts";
import type { SetupPlan } from "./plan-setup.ts";

/** What became of a plan; all but the first two leave something to do. */
export type SetupOutcome =
  | "nothing missing"
  | "installed"
  | "dry run"
  | "by hand"
  | "not root"
  | "not asked"
  | "declined";

export interface SetupResult {
  outcome: SetupOutcome;
  plan: SetupPlan;
  /** What is in the way after it all, or should be known. */
  left: Finding[];
  /** To type next. */
  next: string;
}
