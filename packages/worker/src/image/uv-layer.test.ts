import { expect, test } from "vitest";
import { parseImageReference } from "@dorian/oci/image-reference";
import { uvRequirementOf } from "./uv-layer.ts";

test.each([
  ["ghcr.io/astral-sh/uv:latest", "uv"],
  ["ghcr.io/astral-sh/uv:0.8.22", "uv==0.8.22"],
  ["ghcr.io/astral-sh/uv:0.8", "uv==0.8.*"],
  ["ghcr.io/astral-sh/uv:python3.12-bookworm-slim", undefined],
  ["docker.io/astral-sh/uv:latest", undefined],
  ["ghcr.io/astral-sh/ruff:latest", undefined],
])("%s stands for the wheel %s", (name, requirement) => {
  expect(uvRequirementOf(parseImageReference(name))).toBe(requirement);
});
