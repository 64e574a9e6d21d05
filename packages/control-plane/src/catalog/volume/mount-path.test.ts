import { expect, test } from "vitest";
import { checkMountPaths } from "./mount-path.ts";

const at = (mountPath: string, volumeId = "vo-1", subPath?: string) => ({ mountPath, volumeId, subPath });

test.each([
  "/",
  "/root",
  "/tmp",
  "relative",
  "/a/../b",
  "/a/",
  "/a//b",
  "",
  "/proc/x",
  "/dev",
  "/run/dorian",
])("a volume cannot be mounted at %j [K3]", (path) => {
  expect(() => checkMountPaths([at(path)])).toThrowError(
    expect.objectContaining({ code: "VOLUME_MOUNT_INVALID", status: "INVALID_ARGUMENT" }),
  );
});

test("one volume at two paths, two volumes at one path, and one inside another are refused [K3]", () => {
  expect(() => checkMountPaths([at("/a"), at("/b")])).toThrowError(/"\/a" and at "\/b"/);
  expect(() => checkMountPaths([at("/a"), at("/a", "vo-2")])).toThrowError(
    /Two volumes are mounted at "\/a"/,
  );
  expect(() => checkMountPaths([at("/a/b"), at("/a", "vo-2")])).toThrowError(/inside it, at "\/a\/b"/);
  expect(() => checkMountPaths([at("/a", "vo-1", "../other")])).toThrowError(/outside the volume/);
});

test("ordinary paths are accepted [K4]", () => {
  expect(() =>
    checkMountPaths([at("/vol/models"), at("/vol/models-2", "vo-2", "deep/down"), at("/root/data", "vo-3")]),
  ).not.toThrow();
});
