import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";
import { DorianProcess } from "./dorian-process.ts";
import { ModalClient, modalVersions } from "./modal-client.ts";
import { dorian } from "./run-command.ts";
import { temporaryDirectory, type TemporaryDirectory } from "./temporary-directory.ts";

/**
 * A data directory with the base images in it, made once per checkout: bootstrapping Debian takes half a minute, and each
 * of the images that Python's clients begin with as long again.
 */
const seedDirectory = join(checkout, ".cache/seed-of-all-clients");

const seedApp = `
import { App, Image } from "dorian";
export const app = new App("seed", { image: Image.debianSlim() });
export const hello = app.function({ name: "hello" }, async () => "hello");
app.localEntrypoint(async () => { console.log(await hello.remote()); });
`;

/** Its image depends on the client that runs it: each era has a builder version of its own. */
const pythonSeedApp = `
import modal
app = modal.App("seed") if hasattr(modal, "App") else modal.Stub("seed")
@app.function(image=modal.Image.debian_slim("3.11"))
def hello():
    return "hello"
@app.local_entrypoint()
def main():
    print(hello.remote())
`;

/** Builds the seed where it is missing. */
export async function prepareSeed(): Promise<void> {
  if (await exists(seedDirectory)) return;
  // Under another name until it is complete: somebody else may need it, too.
  const draft = `${seedDirectory}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  await using project = await temporaryDirectory({ "app.ts": seedApp, "app.py": pythonSeedApp });
  {
    await using server = await DorianProcess.start({ dataDirectory: draft });
    const runs = [
      () => dorian(draft, ["run", "app.ts"], { cwd: project.path }),
      ...Object.values(modalVersions).map((version) => async () => {
        const client = await ModalClient.open(version, draft);
        return client.modal(["run", "app.py"], { cwd: project.path });
      }),
    ];
    for (const run of runs) {
      const result = await run();
      if (result.code !== 0 || !result.stdout.includes("hello")) {
        throw new Error(
          `A seed app failed (${result.code}):\n${result.stdout}\n${result.stderr}\n${server.output}`,
        );
      }
    }
  }
  if (await exists(seedDirectory)) await rm(draft, { recursive: true, force: true });
  else await rename(draft, seedDirectory);
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
  const entries = (await readdir(seedDirectory)).filter((name) => !["scratch", "drafts"].includes(name));
  // All at once: files of layers and shared files are the same ones.
  await promisify(execFile)("cp", ["-a", ...entries.map((name) => join(seedDirectory, name)), directory]);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
