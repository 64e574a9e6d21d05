import picocolors from "picocolors";
import { expect, test } from "vitest";
import type { MachineFacts } from "../../doctor/machine-facts.ts";
import { goodMachine } from "../../doctor/test-machine.ts";
import { planSetup } from "../../setup/plan-setup.ts";
import type { SetupOutcome } from "../../setup/setup-result.ts";
import { renderOutcome } from "./setup-plan.ts";

const colors = picocolors.createColors(false);
const bare = { ...goodMachine, installed: {}, runcVersion: "" };

function rendered(outcome: SetupOutcome, facts: MachineFacts) {
  const plan = planSetup(facts);
  return renderOutcome({ outcome, plan, left: plan.byHand, next: "dorian up" }, colors);
}

test("elsewhere than on Debian and Ubuntu the line to type is told, and nothing is claimed", () => {
  const distribution = {
    name: "Fedora Linux 42",
    manager: "dnf",
    family: undefined,
    release: undefined,
  } as const;
  const text = rendered("by hand", { ...bare, distribution });
  expect(text).toContain("Fedora Linux 42 lacks what Dorian uses:");
  expect(text).toContain("To be installed by hand, with what it depends on:\n  dnf install runc tini-static");
  expect(text).toMatch(/mmdebstrap +makes base images/);
  expect(text).toMatch(/Nothing was installed: .*Install it by hand, then see `dorian doctor`\.$/);
});

test("where nothing is known, the programs are named", () => {
  const distribution = { name: "NixOS", manager: undefined, family: undefined, release: undefined };
  const text = rendered("by hand", { ...bare, distribution });
  expect(text).toMatch(/\/usr\/bin\/tini-static +is the first process/);
  expect(text).not.toContain("depends on");
});

test("a machine that is ready is told what to type next", () => {
  expect(rendered("nothing missing", goodMachine)).toBe(
    "✓ Nothing is missing. Next: dorian up, or dorian service install, which has systemd keep it running",
  );
});

test("what no package mends is told with its remedy, and the machine is not called ready", () => {
  const text = rendered("installed", { ...bare, kernelRelease: "4.19.0" });
  expect(text).toMatch(/^✗ Kernel: 4\.19\.0\n {2}→ boot Linux 5\.6/);
  expect(text).toMatch(/Installed runc, .*\. What stands above is in the way, and no package mends it\.$/);
  expect(text).not.toContain("Next:");
});
