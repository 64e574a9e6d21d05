import { copyFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { bundleGuest } from "./bundle-guest.ts";
import { guestFiles } from "./guest-file.ts";

const run = promisify(execFile);

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "bundle-guest-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test("the guest is a few files that offer the whole SDK and do nothing when they are imported", async () => {
  const made = await bundleGuest({ cacheDirectory: await temporaryDirectory() });
  const alone = await temporaryDirectory();
  for (const name of Object.values(guestFiles)) await copyFile(join(made, name), join(alone, name));
  const program = `console.log(Object.keys(await import(${JSON.stringify(pathToFileURL(join(alone, "guest.mjs")).href)})).sort().join())`;
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", program], {
    cwd: alone,
  });
  const sdk: object = await import("@dorian/sdk");
  expect(stdout.trim()).toBe(Object.keys(sdk).toSorted().join());
  expect(stderr).toBe("");
});

test("the guest comes with code that this Node accepts instead of compiling it, also as workers start it", async () => {
  const path = join(await bundleGuest({ cacheDirectory: await temporaryDirectory() }), guestFiles.module);
  const program = `
    const vm = process.getBuiltinModule("node:vm");
    vm.Script = class extends vm.Script {
      constructor(source, options) {
        super(source, options);
        console.log(options.cachedData.length > 0, this.cachedDataRejected);
      }
    };
    await import(${JSON.stringify(pathToFileURL(path).href)});`;
  for (const flags of [[], ["--min-semi-space-size=4"]]) {
    const { stdout } = await run(process.execPath, [...flags, "--input-type=module", "-e", program]);
    expect(stdout.trim()).toBe("true false");
  }
});

test("the guest is made again only when what it was made from has changed", async () => {
  const cacheDirectory = await temporaryDirectory();
  const first = await bundleGuest({ cacheDirectory });
  const { mtimeMs } = await stat(first);
  expect(await bundleGuest({ cacheDirectory })).toBe(first);
  expect((await stat(first)).mtimeMs).toBe(mtimeMs);

  const manifestName = (await readdir(cacheDirectory)).find((name) => name.endsWith(".json")) ?? "";
  const manifestPath = join(cacheDirectory, manifestName);
  const manifest = JSON.parse(await readFile(manifestPath, "utf8")) as { inputs: Record<string, string> };
  const [source] = Object.keys(manifest.inputs);
  manifest.inputs[String(source)] = "another digest";
  await writeFile(manifestPath, JSON.stringify(manifest));
  await rm(first, { recursive: true });
  expect((await stat(await bundleGuest({ cacheDirectory }))).mtimeMs).toBeGreaterThan(mtimeMs);
});
