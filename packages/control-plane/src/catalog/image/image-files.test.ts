import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ImageFiles } from "./image-files.ts";

async function imageWith(fill: (layer: string) => Promise<void>): Promise<ImageFiles> {
  const directory = await mkdtemp(join(tmpdir(), "dorian-image-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const layer = join(directory, "layer");
  await mkdir(join(layer, "etc"), { recursive: true });
  await fill(layer);
  return new ImageFiles([layer]);
}

test("a FIFO, a device, a huge file or a way out in the place of a file tells nothing, and is not waited for [B10]", async () => {
  const files = await imageWith(async (layer) => {
    const at = (name: string) => join(layer, "etc", name);
    execFileSync("mkfifo", [at("fifo")]);
    execFileSync("mknod", [at("zero"), "c", "1", "5"]);
    await writeFile(at("large"), "");
    await truncate(at("large"), 10 * 2 ** 30);
    await symlink("/etc/shadow", at("absolute"));
    await symlink("../../../../../../../etc/shadow", at("relative"));
    await symlink("loop", at("loop"));
    await symlink("/etc/fifo", at("to-fifo"));
  });
  for (const name of ["fifo", "zero", "large", "absolute", "relative", "loop", "to-fifo"]) {
    expect(await files.text(`/etc/${name}`)).toBeUndefined();
    expect(await files.matchIn(`/etc/${name}`, /root/)).toBeNull();
  }
});

test("a match is found wherever in a large file it lies", async () => {
  const files = await imageWith(async (layer) => {
    const content = Buffer.alloc(3 * 2 ** 20);
    content.write("\x003.11.9\x00", 2 ** 20 - 4);
    await writeFile(join(layer, "etc/library"), content);
  });
  expect((await files.matchIn("/etc/library", /\0(3\.\d+\.\d+)\0/))?.[1]).toBe("3.11.9");
  expect(await files.matchIn("/etc/library", /absent/)).toBeNull();
});
