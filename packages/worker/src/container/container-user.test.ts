import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { containerUser } from "./container-user.ts";

test("an image's user is found by number or by name, and an unknown one is an error that says so", async () => {
  const root = await mkdtemp(join(tmpdir(), "users-"));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, "etc"));
  await writeFile(
    join(root, "etc/passwd"),
    "root:x:0:0::/root:/bin/sh\nserve:x:1001:1002::/home/serve:/bin/sh\n",
  );
  await writeFile(
    join(root, "etc/group"),
    "root:x:0:\nmodels:x:2000:\nserve:x:1002:\nvideo:x:44:other,serve\n",
  );
  expect(await containerUser(root, "")).toEqual({ uid: 0, gid: 0, home: "/root" });
  expect(await containerUser(root, "1000:1000")).toEqual({ uid: 1000, gid: 1000, home: "/" });
  expect(await containerUser(root, "1001")).toEqual({
    uid: 1001,
    gid: 1002,
    home: "/home/serve",
    groups: [44],
  });
  expect(await containerUser(root, "serve")).toEqual(await containerUser(root, "1001"));
  expect(await containerUser(root, "serve:models")).toEqual({ uid: 1001, gid: 2000, home: "/home/serve" });
  await expect(containerUser(root, "nobody-here")).rejects.toThrow("nobody-here");
});
