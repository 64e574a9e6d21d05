import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest, whatever the size of its file; one that began last would run alone in the end. */
const longest = [
  "packages/worker/src/image/debian-build.test.ts",
  "packages/protocol/src/http2/fuzz.test.ts",
  "test/chaos.e2e.test.ts",
  "test/setup.e2e.test.ts",
  "test/storing-model-weights.e2e.test.ts",
  "test/python-workloads.e2e.test.ts",
];

/** Unit tests first: they need nothing that takes long to make. Of each kind the longest files begin. */
export class TestOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // The runner's own, which returns another list.
    // oxlint-disable-next-line no-array-sort
    const sorted = await super.sort(files);
    const turn = ({ moduleId, project }: TestSpecification) =>
      (project.name === "unit" ? 0 : 2) + (longest.some((path) => moduleId.endsWith(path)) ? 0 : 1);
    return sorted.toSorted((one, other) => turn(one) - turn(other));
  }
}
