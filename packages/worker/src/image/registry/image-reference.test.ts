import { expect, test } from "vitest";
import { debianTagOf } from "../debian/debian-tag.ts";
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

test.each([
  ["debian:bookworm-slim", { suite: "bookworm", slim: true }],
  ["debian:12", { suite: "bookworm", slim: false }],
  ["debian:13.1-slim", { suite: "trixie", slim: true }],
  ["debian", { suite: "stable", slim: false }],
  ["python:3.12-slim-bookworm", undefined],
  ["debian:bookworm-20250520-slim", undefined],
  ["other.example/debian:12", undefined],
])("%s is made from Debian's packages: %j", (written, tag) => {
  expect(debianTagOf(parseImageReference(written))).toEqual(tag);
});
