import { expect, test } from "vitest";
import { formatImageReference, parseImageReference } from "./image-reference.ts";

test.each([
  ["debian:bookworm-slim", "docker.io/library/debian:bookworm-slim"],
  ["python", "docker.io/library/python:latest"],
  ["team/app:1", "docker.io/team/app:1"],
  ["ghcr.io/astral-sh/uv:latest", "ghcr.io/astral-sh/uv:latest"],
  ["localhost:5000/x:y", "localhost:5000/x:y"],
  [`debian@sha256:${"0".repeat(64)}`, `docker.io/library/debian@sha256:${"0".repeat(64)}`],
])("%s means %s", (written, full) => {
  expect(formatImageReference(parseImageReference(written))).toBe(full);
});

test.each(["", "UPPER", "a:b:c d", "../x", "x@sha256:short"])("%j is no image", (text) => {
  expect(() => parseImageReference(text)).toThrow("is not the name of an image");
});
