import { expect, test } from "vitest";
import { checkMountPath, checkMountPaths, checkPathsApart } from "./mount-path.ts";

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

test("of very many places the one inside another is found, and none that only begins like one [B11]", () => {
  const places = Array.from({ length: 100_000 }, (_, n) => `/m/${n}`);
  expect(() => checkPathsApart(places)).not.toThrow();
  expect(() => checkPathsApart(["/m/7/x", ...places])).toThrow('"/m/7" and another inside it, at "/m/7/x"');
  expect(() => checkPathsApart(["/a", "/a-b", "/a.b", "/ab"])).not.toThrow();
  expect(() => checkPathsApart(["/a", "/a-b", "/a/b"])).toThrow('"/a" and another inside it, at "/a/b"');
  expect(() => checkPathsApart(["/b", "/a", "/b"])).toThrow('Two volumes are mounted at "/b"');
});

test("a path that is longer than the kernel takes is refused in few words [B11]", () => {
  expect(() => checkMountPath(`/${"a/../".repeat(100_000)}`)).toThrow(/^A volume cannot .{100,200}$/);
  expect(() => checkMountPath(`/${"a".repeat(4_094)}`)).not.toThrow();
  expect(() => checkMountPath(`/${"ä".repeat(2_047)}`)).not.toThrow();
  expect(() => checkMountPath(`/${"ä".repeat(2_048)}`)).toThrow("4097 bytes");
});
