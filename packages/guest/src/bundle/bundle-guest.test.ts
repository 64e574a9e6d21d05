import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { bundleGuest } from "./bundle-guest.ts";

const run = promisify(execFile);

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "bundle-guest-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test("the guest is one file that offers the whole SDK and does nothing when it is imported", async () => {
  const { path, content } = await bundleGuest({ cacheDirectory: await temporaryDirectory() });
  expect(await readFile(path)).toEqual(content);
  const alone = await temporaryDirectory();
  await writeFile(join(alone, "guest.mjs"), content);
  const program = `console.log(Object.keys(await import(${JSON.stringify(pathToFileURL(join(alone, "guest.mjs")).href)})).sort().join())`;
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", program], {
    cwd: alone,
  });
  const sdk: object = await import("@dorian/sdk");
  expect(stdout.trim()).toBe(Object.keys(sdk).toSorted().join());
  expect(stderr).toBe("");
});

test("the guest comes with code that this Node accepts instead of compiling it", async () => {
  const { path } = await bundleGuest({ cacheDirectory: await temporaryDirectory() });
  const program = `
    const vm = process.getBuiltinModule("node:vm");
    vm.Script = class extends vm.Script {
      constructor(source, options) {
        super(source, options);
        console.log(options.cachedData.length > 0, this.cachedDataRejected);
      }
    };
    await import(${JSON.stringify(pathToFileURL(path).href)});`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program]);
  expect(stdout.trim()).toBe("true false");
});

test("the guest is made again only when what it was made from has changed", async () => {
  const cacheDirectory = await temporaryDirectory();
  const first = await bundleGuest({ cacheDirectory });
  const { mtimeMs } = await stat(first.path);
  expect((await bundleGuest({ cacheDirectory })).path).toBe(first.path);
  expect((await stat(first.path)).mtimeMs).toBe(mtimeMs);

  const manifestName = (await readdir(cacheDirectory)).find((name) => name.endsWith(".json")) ?? "";
  const manifestPath = join(cacheDirectory, manifestName);
  const manifest = JSON.parse(await readFile(manifestPath, "utf8")) as { inputs: Record<string, string> };
  const [source] = Object.keys(manifest.inputs);
  manifest.inputs[String(source)] = "another digest";
  await writeFile(manifestPath, JSON.stringify(manifest));
  await rm(first.path);
  expect((await stat((await bundleGuest({ cacheDirectory })).path)).mtimeMs).toBeGreaterThan(mtimeMs);
});
