import { expect, test } from "vitest";
import { planDownload } from "./get.ts";

const file = (path: string) => ({ path, type: "file" as const, sizeBytes: 1 });
const directory = (path: string) => ({ path, type: "directory" as const, sizeBytes: 0 });
const locals = (...args: Parameters<typeof planDownload>) => planDownload(...args).files.map(({ local }) => local);

test("a file goes to the path given, or into a directory that exists", () => {
  expect(locals("/a/w.bin", [file("a/w.bin")], { path: "out.bin", directory: false })).toEqual(["out.bin"]);
  expect(locals("a/w.bin", [file("a/w.bin")], { path: ".", directory: true })).toEqual(["w.bin"]);
  expect(locals("a/w.bin", [file("a/w.bin")], { path: "new/", directory: false })).toEqual(["new/w.bin"]);
});

test("what is in a directory goes below the path given", () => {
  const entries = [directory("a/sub"), file("a/w.bin"), file("a/sub/x")];
  expect(locals("a", entries, { path: "here", directory: false })).toEqual(["here/w.bin", "here/sub/x"]);
  expect(locals("/", [file("w")], { path: "here", directory: true })).toEqual(["here/w"]);
});

test("a directory with one file in it is a directory still", () => {
  expect(locals("a", [file("a/w")], { path: "here", directory: false })).toEqual(["here/w"]);
});
