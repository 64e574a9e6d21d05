import { defineConfig } from "vitest/config";
import { forgetShell } from "@dorian/testkit/forget-shell";

forgetShell(process.env);

/** A test that waits for something waits for as long as a loaded machine needs: how fast it comes is not what is tested. */
const patiently = { timeout: 20_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          exclude: ["**/*.e2e.test.ts"],
          testTimeout: 60_000,
          expect: { poll: patiently },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/**/*.e2e.test.ts"],
          globalSetup: ["packages/testkit/src/global-setup.ts"],
          // After the unit tests, not beside them.
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          expect: { poll: patiently },
          hookTimeout: 300_000,
          // Containers, and the cores of a small machine, are shared; yet a file alone keeps little more than half a core busy.
          maxWorkers: 3,
          // They wait for real processes on a machine that others may load; what fails twice is broken.
          retry: 1,
        },
      },
    ],
  },
});
