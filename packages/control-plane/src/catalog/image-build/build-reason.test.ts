import { expect, test } from "vitest";
import type { BuildComponents } from "../image/build-components.ts";
import { buildReason } from "./build-reason.ts";

const components: BuildComponents = {
  base: "im-1",
  commands: ["FROM base", "RUN a"],
  contextFiles: {},
  contextMount: "",
  secrets: [],
  buildArgs: {},
  gpu: "",
  volumes: [],
  builderVersion: "2025.06",
  definition: "download() {}",
  globals: { MODEL_NAME: "1", MODEL_DIR: "2" },
  registry: "",
  input: "",
};
const earlier = (change: Partial<BuildComponents>, state: "ready" | "failed" = "ready", createdAtMs = 1) => ({
  components: { ...components, ...change },
  state,
  createdAtMs,
});
const reason = (...builds: ReturnType<typeof earlier>[]) => buildReason(components, builds, "Model.download");

test("the reason names what changed since the build that is most like it", () => {
  expect(reason()).toBe("it has not been built before");
  expect(reason(earlier({ globals: { MODEL_NAME: "0", MODEL_DIR: "2" } }))).toBe(
    "the global MODEL_NAME changed",
  );
  expect(reason(earlier({ globals: {} }))).toBe("the globals MODEL_DIR, MODEL_NAME changed");
  expect(
    reason(
      earlier({ globals: { MODEL_NAME: "1", MODEL_DIR: "0" } }, "ready", 1),
      earlier({ globals: { MODEL_NAME: "0", MODEL_DIR: "0" } }, "ready", 2),
    ),
  ).toBe("the global MODEL_DIR changed");
  expect(reason(earlier({ globals: { "": "3" } }))).toBe("a value that it uses changed");
  expect(reason(earlier({ definition: "x", base: "im-0" }))).toBe(
    "the image below it changed, and the source or the settings of Model.download changed",
  );
  expect(reason(earlier({ commands: ["FROM base"] }))).toBe('the line "RUN a" is new');
  expect(reason(earlier({ gpu: "H100:1" }))).toBe("the GPU changed from H100:1 to none");
  expect(reason(earlier({ base: "im-0", gpu: "T4:1" }), earlier({ secrets: ["hub"] }))).toBe(
    "the secrets changed",
  );
  expect(reason(earlier({}, "failed"))).toBe("the last build of it failed");
  expect(reason(earlier({}))).toBe("it is no longer in the cache");
});
