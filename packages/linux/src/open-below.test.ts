import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readlink, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../test/deep-tree.ts";
import { libc } from "./libc.ts";
import { openPlain, readBelow } from "./open-below.ts";
import { OpenDirectory } from "./open-directory.ts";
import { makeDirectoryBelow, placeBelow } from "./place-below.ts";

const maxBytes = 1000;

async function hostAndImage() {
  const host = await temporaryDirectory();
  const image = join(host, "image");
  await mkdir(join(image, "etc"), { recursive: true });
  await mkdir(join(host, "etc"));
  await writeFile(join(host, "etc/secret"), "of the host");
  await writeFile(join(image, "etc/secret"), "of the image");
  const read = async (path: string) => (await readBelow(image, path, { maxBytes }))?.toString();
  return { host, image, read };
}

test("links lead to places below the root, as they do inside [B3]", async () => {
  const { host, image, read } = await hostAndImage();
  await symlink("/etc/secret", join(image, "absolute"));
  await symlink("../../../../etc/secret", join(image, "etc/relative"));
  await symlink("/absolute", join(image, "chain"));
  await symlink("../..", join(image, "up"));
  await symlink(join(host, "etc/secret"), join(image, "host"));
  await symlink("loop", join(image, "loop"));
  await symlink("/proc/self/root/etc/secret", join(image, "magic"));
  expect(await read("/absolute")).toBe("of the image");
  expect(await read("etc/relative")).toBe("of the image");
  expect(await read("/chain")).toBe("of the image");
  expect(await read("/up/etc/secret")).toBe("of the image");
  expect(await read("/../etc/secret")).toBe("of the image");
  expect(await read("/host")).toBeUndefined();
  expect(await read("/magic")).toBeUndefined();
  await expect(read("/loop")).rejects.toMatchObject({ code: "PATH_LINK_LOOP" });
  expect(await read("/etc/secret/below")).toBeUndefined();
  expect(await read(`/${"n".repeat(300)}`)).toBeUndefined();
});

test("a path of very many names is looked up at once [B11]", async () => {
  const root = await temporaryDirectory();
  using opened = OpenDirectory.open(root);
  for (const path of ["a/".repeat(400_000), "./".repeat(400_000), `a/${"b/../".repeat(200_000)}`]) {
    using place = placeBelow(opened, path, { follow: true });
    expect(place.names.length).toBe(path.split("/").filter((name) => name === "a").length);
  }
});

test("only regular files are read, of bounded size, and nothing waits [B10]", async () => {
  const { image, read } = await hostAndImage();
  libc.mknod(join(image, "fifo"), 0o010666, 0);
  libc.mknod(join(image, "socket"), 0o140666, 0);
  libc.mknod(join(image, "zero"), 0o020666, 0x105);
  for (const name of ["fifo", "socket", "zero", "etc"]) {
    await expect(read(name)).rejects.toMatchObject({ code: "NOT_A_REGULAR_FILE" });
  }
  await writeFile(join(image, "large"), "");
  await truncate(join(image, "large"), 10 * 2 ** 30);
  await expect(read("large")).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
  await symlink("fifo", join(image, "link"));
  await expect(read("link")).rejects.toMatchObject({ code: "NOT_A_REGULAR_FILE" });
});

test("a plain path has no links on it, and what is a link by now is not there", async () => {
  const { host, image } = await hostAndImage();
  await symlink(join(host, "etc"), join(image, "link"));
  expect(await openPlain(join(image, "nothing"))).toBeUndefined();
  expect(await openPlain(join(image, "link/secret"))).toBeUndefined();
  await symlink("etc", join(image, "inside"));
  expect(await openPlain(join(image, "inside/secret"))).toBeUndefined();
  await symlink(join(host, "etc/secret"), join(image, "last"));
  await expect(openPlain(join(image, "last"))).rejects.toMatchObject({ code: "NOT_A_REGULAR_FILE" });
  await using file = await openPlain(join(image, "etc/secret"));
  expect(await file?.readFile("utf8")).toBe("of the image");
});

test("directories are made below the root, where dangling links lead, too [B3]", async () => {
  const { host, image } = await hostAndImage();
  await symlink("/var/real", join(image, "dangling"));
  await symlink(host, join(image, "host"));
  using root = OpenDirectory.open(image);
  for (const [path, real] of [
    ["/dangling/x", "/var/real/x"],
    ["/host/y", `${host}/y`],
    ["/../../z", "/z"],
    ["/etc", "/etc"],
    ["/", ""],
  ] as const) {
    using made = makeDirectoryBelow(root, path);
    expect(made.realPath()).toBe(`${image}${real}`);
  }
  expect((await readdir(host)).toSorted()).toEqual(["etc", "image"]);
  expect(() => makeDirectoryBelow(root, "/etc/secret/x")).toThrow(/ENOTDIR/);
});

test("a place is where a path leads, with what is missing of it", async () => {
  const { image } = await hostAndImage();
  await symlink("/etc", join(image, "conf"));
  using root = OpenDirectory.open(image);
  using missing = placeBelow(root, "/conf/a/../b/c", { follow: true });
  expect(missing).toMatchObject({ names: ["b", "c"], path: "/etc/b/c" });
  using link = placeBelow(root, "/conf", { follow: false });
  expect(link).toMatchObject({ names: ["conf"], path: "/conf" });
  expect(await readlink(link.directory.at("conf"))).toBe("/etc");
});

test("while another process swaps what is on the way, nothing of the host is read or made [B3]", async () => {
  const { host, image } = await hostAndImage();
  await mkdir(join(image, "x/etc"), { recursive: true });
  await writeFile(join(image, "x/etc/secret"), "of the image");
  const swapper = spawn("python3", ["-c", swap, image, host], { stdio: ["ignore", "pipe", "inherit"] });
  await once(swapper.stdout, "data");
  const seen = new Set<string | undefined>();
  using root = OpenDirectory.open(image);
  for (let round = 0; round < 3_000; round++) {
    const text = await readBelow(root, "/x/etc/secret", { maxBytes }).catch(() => undefined);
    seen.add(text?.toString());
    try {
      makeDirectoryBelow(root, "/x/made")[Symbol.dispose]();
    } catch {
      // Something else stood there at that moment.
    }
  }
  swapper.kill("SIGKILL");
  await once(swapper, "exit");
  expect(seen).toContain("of the image");
  expect(seen).not.toContain("of the host");
  expect((await readdir(host)).toSorted()).toEqual(["etc", "image"]);
});

const swap = `
import os, sys
image, host = sys.argv[1:]
print("go", flush=True)
x = image + "/x"
def attempt(*steps):
    for step, *args in steps:
        try: step(*args)
        except OSError: pass
while True:
    attempt((os.rename, x, x + ".away"), (os.symlink, host, x), (os.unlink, x), (os.mkfifo, x), (os.unlink, x))
    attempt((os.rmdir, x + "/made"), (os.rmdir, x), (os.rename, x + ".away", x))
`;
