import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          exclude: ["**/*.e2e.test.ts"],
          testTimeout: 60_000,
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
          hookTimeout: 300_000,
          // Containers, and the cores of a small machine, are shared; yet most of the time is waiting, mostly for Python to start.
          maxWorkers: 2,
          // They wait for real processes on a machine that others may load; what fails twice is broken.
          retry: 1,
        },
      },
    ],
  },
});
