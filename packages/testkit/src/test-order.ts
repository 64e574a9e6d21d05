import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest, whatever the size of its file, the longest first: one that began last would run alone in the end. */
const longest = [
  "packages/worker/src/image/debian-build.test.ts",
  "packages/worker/src/bucket/task-buckets.test.ts",
  "packages/worker/src/volume/commit-faults.test.ts",
  "packages/worker/src/network/network-pool.test.ts",
  "packages/worker/src/image/build-limits.test.ts",
  "packages/storage/src/full-disk.test.ts",
  "packages/protocol/src/http2/fuzz.test.ts",
  "test/python-workloads.e2e.test.ts",
  "test/setup.e2e.test.ts",
  "test/service.e2e.test.ts",
  "test/examples.e2e.test.ts",
  "test/chaos.e2e.test.ts",
  "test/modal-volumes.e2e.test.ts",
  "test/images.e2e.test.ts",
  "test/modal-calls.e2e.test.ts",
  "test/guide.e2e.test.ts",
  "test/modal-web.e2e.test.ts",
  "test/border-processes.e2e.test.ts",
  "test/modal-cli.e2e.test.ts",
  "test/build-methods.e2e.test.ts",
  "test/python-functions.e2e.test.ts",
  "test/python-build-functions.e2e.test.ts",
  "test/python-images.e2e.test.ts",
  "test/npm-package.e2e.test.ts",
  "test/cli-run.e2e.test.ts",
  "test/logs.e2e.test.ts",
  "test/full-disk.e2e.test.ts",
  "test/deaths.e2e.test.ts",
  "test/border-http2.e2e.test.ts",
  "test/kept-ports.e2e.test.ts",
  "test/web-functions.e2e.test.ts",
  "test/volumes.e2e.test.ts",
  "test/modal-dict-queue.e2e.test.ts",
  "test/border-limits.e2e.test.ts",
  "test/values.e2e.test.ts",
  "test/kill-server.e2e.test.ts",
  "test/time.e2e.test.ts",
  "test/image-weights.e2e.test.ts",
  "test/modal-exec.e2e.test.ts",
  "test/calls.e2e.test.ts",
  "test/classes.e2e.test.ts",
  "test/across-languages.e2e.test.ts",
  "test/kill-worker.e2e.test.ts",
  "test/stuck-server.e2e.test.ts",
  "test/backup.e2e.test.ts",
  "test/cli-things.e2e.test.ts",
  "test/power-cut.e2e.test.ts",
];

/** Unit tests first: they need nothing that takes long to make. Of each kind the longest files begin. */
export class TestOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // The runner's own, which returns another list.
    // oxlint-disable-next-line no-array-sort
    const sorted = await super.sort(files);
    const turn = ({ moduleId, project }: TestSpecification) => {
      const place = longest.findIndex((path) => moduleId.endsWith(path));
      return (project.name === "unit" ? 0 : 1_000) + (place < 0 ? longest.length : place);
    };
    return sorted.toSorted((one, other) => turn(one) - turn(other));
  }
}
