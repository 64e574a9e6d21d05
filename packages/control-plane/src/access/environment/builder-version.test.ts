import { expect, test } from "vitest";
import { builderVersionFor, checkBuilderVersion, prescribedBuilderVersion } from "./builder-version.ts";

test("each client gets the newest builder version that it knows", () => {
  expect(builderVersionFor("0.62.181")).toBe("2024.04");
  expect(builderVersionFor("0.64.57")).toBe("2024.04");
  expect(builderVersionFor("0.66.0")).toBe("2024.10");
  expect(builderVersionFor("1.0.5")).toBe("2024.10");
  expect(builderVersionFor("1.6.4")).toBe("2025.06");
  expect(builderVersionFor("")).toBe("2025.06");
});

test("what an environment prescribes holds for the clients that know it", () => {
  expect(prescribedBuilderVersion("2024.10", "1.6.4")).toBe("2024.10");
  expect(prescribedBuilderVersion("2025.06", "0.64.57")).toBe("2024.04");
  expect(prescribedBuilderVersion(undefined, "1.6.4")).toBe("2025.06");
  expect(() => checkBuilderVersion("2026.12")).toThrow(/not a version/);
});
