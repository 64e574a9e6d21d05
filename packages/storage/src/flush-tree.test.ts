import { execFileSync } from "node:child_process";
import { chmod, lstat, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasAttributes } from "@dorian/linux/extended-attributes";
import { check, libc } from "@dorian/linux/libc";
import { createWhiteout } from "@dorian/linux/overlay-marks";
import { TemporaryStorage } from "../test/temporary-storage.ts";

test("a volume keeps no rights that files give to whoever runs them, and no devices; an image does [B14]", async () => {
  await using storage = await TemporaryStorage.open();
  for (const forVolume of [true, false]) {
    await using draft = await storage.layers.draft();
    const at = (name: string) => join(draft.path, name);
    await writeFile(at("program"), "x");
    await chmod(at("program"), 0o6755);
    await writeFile(at("capable"), "x");
    const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
    check(
      libc.lsetxattr(at("capable"), "security.capability", capability, capability.length, 0),
      "capability",
    );
    await mkdir(at("group"));
    await chmod(at("group"), 0o2775);
    execFileSync("mknod", [at("disk"), "b", "254", "0"]);
    execFileSync("mkfifo", [at("fifo")]);
    createWhiteout(at("deleted"));
    const layerId = await draft.seal({ durable: false });
    await storage.layers.makeDurable(layerId, { forVolume });
    const layer = storage.layers.path(layerId);
    const mode = async (name: string) => ((await lstat(join(layer, name))).mode & 0o7777).toString(8);
    expect(await mode("program")).toBe(forVolume ? "755" : "6755");
    expect(hasAttributes(join(layer, "capable"))).toBe(!forVolume);
    expect(await mode("group")).toBe("2775");
    const names = ["capable", "deleted", ...(forVolume ? [] : ["disk"]), "fifo", "group", "program"];
    expect((await readdir(layer)).toSorted()).toEqual(names);
  }
});
