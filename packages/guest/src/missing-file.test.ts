import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { missingFileHint } from "./missing-file.ts";
import { toRemoteError } from "./remote-error.ts";

const errorOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

test("a project's file that a container lacks is told with the way to get it there [A7]", () => {
  const read = errorOf(() => readFileSync("/root/data/nowhere.csv"));
  expect(missingFileHint(read)).toContain(`.addLocalFile("data/nowhere.csv", "/root/data/nowhere.csv")`);
  const required = errorOf(() => createRequire("file:///root/app.mjs")("/root/lib/nowhere.ts"));
  expect(missingFileHint(required)).toContain(`new URL("./lib/nowhere.ts", import.meta.url)`);
  const packaged = errorOf(() => readFileSync("/root/node_modules/@a/b/dist/nowhere.wasm"));
  expect(missingFileHint(packaged)).toContain(`.npmInstall("@a/b")`);
  expect(missingFileHint(errorOf(() => readFileSync("/tmp/nowhere")))).toBeUndefined();
  expect(missingFileHint(new Error("/root/x"))).toBeUndefined();
});

test("whoever reads the message or the stack reads the hint, once [A7]", () => {
  const { message, stack } = toRemoteError(errorOf(() => readFileSync("/root/nowhere.csv")));
  for (const text of [message, stack]) expect(text.split("addLocalFile").length).toBe(2);
  expect(stack).toMatch(/^Error: ENOENT: no such file or directory, open '\/root\/nowhere\.csv' If /);
});
