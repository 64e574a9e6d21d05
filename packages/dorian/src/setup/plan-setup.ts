import { type Finding, judgeMachine } from "../doctor/checks.ts";
import type { MachineFacts } from "../doctor/machine-facts.ts";
import { installLines, requirementsOf } from "../doctor/requirements.ts";

/** Something that is not installed. */
export interface Missing {
  id: string;
  title: string;
  purpose: string;
  /** The program or file itself. */
  file: string;
  /** What this distribution calls it; undefined where that is not known. */
  package: string | undefined;
}

export interface SetupPlan {
  distribution: string;
  missing: Missing[];
  /** Packages that bring what is missing, as far as they are known. */
  packages: string[];
  /** Whether `dorian setup` installs them; elsewhere a person does. */
  isAutomatic: boolean;
  /** Lines to type that install the same. */
  commands: string[];
  /** What is in the way, or should be known, and no package mends. */
  byHand: Finding[];
}

/** What is to be done on a machine so that Dorian runs there. */
export function planSetup(facts: MachineFacts): SetupPlan {
  const { distribution } = facts;
  const { manager, release, name } = distribution;
  const wanted = requirementsOf(distribution).filter(({ id }) => facts.installed[id] === undefined);
  const missing = wanted.map(({ id, title, purpose, file, packages }) => ({
    id,
    title,
    purpose,
    file,
    package: manager && packages[manager],
  }));
  const lines = installLines(manager, wanted);
  return {
    distribution: name,
    missing,
    packages: missing.flatMap((each) => each.package ?? []),
    isAutomatic: release !== undefined,
    commands: manager === "apt" && lines.length > 0 ? ["apt-get update", ...lines] : lines,
    byHand: remaining(facts, missing),
  };
}

/** What is not well once everything is installed and root looks on. */
function remaining(facts: MachineFacts, missing: Missing[]): Finding[] {
  const brought = Object.fromEntries(missing.map(({ id, file }) => [id, file]));
  const findings = judgeMachine({ ...facts, isRoot: true, installed: { ...facts.installed, ...brought } });
  return findings.filter(
    ({ id, status }) =>
      status === "fail" ||
      (status === "warn" && id === "runc-holes" && facts.installed.runc !== undefined) ||
      (status === "warn" && id === "criu"),
  );
}
