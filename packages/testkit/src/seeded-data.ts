import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";
import { DorianProcess } from "./dorian-process.ts";
import { dorian } from "./run-command.ts";
import { temporaryDirectory, type TemporaryDirectory } from "./temporary-directory.ts";

/** A data directory with the base image in it, made once per checkout: bootstrapping Debian takes half a minute. */
const seedDirectory = join(checkout, ".cache/seed");

const seedApp = `
import { App, Image } from "dorian";
export const app = new App("seed", { image: Image.debianSlim() });
export const hello = app.function({ name: "hello" }, async () => "hello");
app.localEntrypoint(async () => { console.log(await hello.remote()); });
`;

/** Builds the seed where it is missing. */
export async function prepareSeed(): Promise<void> {
  if (await exists(join(seedDirectory, "complete"))) return;
  await rm(seedDirectory, { recursive: true, force: true });
  await mkdir(seedDirectory, { recursive: true });
  await using project = await temporaryDirectory({ "app.ts": seedApp });
  {
    await using server = await DorianProcess.start({ dataDirectory: seedDirectory });
    const result = await dorian(seedDirectory, ["run", "app.ts"], { cwd: project.path });
    if (result.code !== 0 || !result.stdout.includes("hello")) {
      throw new Error(
        `The seed app failed (${result.code}):\n${result.stdout}\n${result.stderr}\n${server.output}`,
      );
    }
  }
  await mkdir(join(seedDirectory, "complete"));
}

/** A data directory of the caller's own that starts where the seed ends. Layers are hard links: they never change. */
export async function seededData(): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory();
  for (const linked of ["layers", "blocks", "shared"]) {
    if (await exists(join(seedDirectory, linked))) {
      await promisify(execFile)("cp", ["-al", join(seedDirectory, linked), join(directory.path, linked)]);
    }
  }
  await cp(seedDirectory, directory.path, {
    recursive: true,
    filter: (source) =>
      !["layers", "blocks", "shared", "scratch", "drafts"].some(
        (name) => source === join(seedDirectory, name),
      ),
  });
  return directory;
}

/** Copies the seed to an empty directory on another file system, where there are no hard links to it. */
export async function copySeed(directory: string): Promise<void> {
  for (const entry of await readdir(seedDirectory)) {
    if (!["scratch", "drafts"].includes(entry))
      await promisify(execFile)("cp", ["-a", join(seedDirectory, entry), directory]);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
