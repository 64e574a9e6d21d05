import { parseImageReference } from "@dorian/oci/image-reference";
import { expect, test } from "vitest";
import { debianTagOf } from "./debian-tag.ts";

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
