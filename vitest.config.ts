import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { builtProgram } from "@dorian/testkit/built-program";
import { forgetShell } from "@dorian/testkit/forget-shell";
import { TestOrder } from "@dorian/testkit/test-order";

forgetShell(process.env);

/** A test that waits for something waits for as long as a loaded machine needs: how fast it comes is not what is tested. */
const patiently = { testTimeout: 180_000, hookTimeout: 300_000, expect: { poll: { timeout: 60_000 } } };

/** Tests of all kinds run beside each other. They wait much: a file takes a third to a half of a core. */
const maxWorkers = Math.min(8, 3 * availableParallelism());

export default defineConfig({
  test: {
    sequence: { sequencer: TestOrder },
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "script/packing/*.test.ts"],
          exclude: ["**/*.e2e.test.ts"],
          maxWorkers,
          // A process for each file would cost as much as the half of these tests.
          isolate: false,
          ...patiently,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/**/*.e2e.test.ts"],
          globalSetup: ["packages/testkit/src/global-setup.ts"],
          setupFiles: ["packages/testkit/src/await-seeds.ts"],
          env: { DORIAN_TESTED_PROGRAM: builtProgram, DORIAN_TEST_RUN: String(process.pid) },
          ...patiently,
          maxWorkers,
          // They wait for real processes on a machine that others may load; what fails twice is broken.
          retry: 1,
        },
      },
    ],
  },
});
