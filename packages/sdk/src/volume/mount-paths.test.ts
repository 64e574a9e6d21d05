import { expect, test } from "vitest";
import { checkVolumeMounts } from "./mount-paths.ts";
import { Volume } from "./volume.ts";

const weights = () => Volume.fromName("weights");

test.for(["/vol", "/vol/models", "/root/models", "/tmp/cache", "/mnt/a.b-c"])(
  "a volume may be at %s",
  (path) => {
    expect(() => checkVolumeMounts("Function", { [path]: weights() })).not.toThrow();
  },
);

test.for([
  "/",
  "/root",
  "/tmp",
  "/usr",
  "",
  "vol",
  "./vol",
  "/vol/",
  "/vol//a",
  "//vol",
  "/vol/../root",
  "/vol/.",
  "/..",
  "/root/",
])("a volume may not be at %j [K3]", (path) => {
  expect(() => checkVolumeMounts('Function "train"', { [path]: weights() })).toThrow(
    expect.objectContaining({ code: "VOLUME_PATH_INVALID" }),
  );
  expect(() => checkVolumeMounts('Function "train"', { [path]: weights() })).toThrow(
    `Function "train" mounts volume "weights" at "${path}"`,
  );
});

test("the same volume may not be at two paths of one function [K3]", () => {
  expect(() => checkVolumeMounts("Function", { "/a": weights(), "/b": weights() })).toThrow(
    expect.objectContaining({ code: "VOLUME_MOUNTED_TWICE" }),
  );
  expect(() =>
    checkVolumeMounts("Function", { "/a": weights(), "/b": Volume.fromName("other") }),
  ).not.toThrow();
});
