import { execFile } from "node:child_process";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";
import { DorianProcess } from "./dorian-process.ts";
import { ModalClient, modalVersions, type ModalVersion } from "./modal-client.ts";
import { dorian } from "./run-command.ts";
import { temporaryDirectory, type TemporaryDirectory } from "./temporary-directory.ts";
import { turnAt } from "./turn-at.ts";

/** Data directories with the base images in them, made once per checkout: each image takes half a minute to bootstrap. */
const seeds = join(checkout, ".cache/seeds");

/**
 * Each seed has what those before it have. All begin with the image of TypeScript's apps; the images that Python's clients
 * begin with are many times as many files, so that tests get only what they name.
 */
const clientsInOrder: readonly ModalVersion[] = [
  modalVersions.newest,
  modalVersions.late2024,
  modalVersions.between,
  modalVersions.early2024,
];

/** What is linked, not copied: these files never change. */
const linked = ["layers", "blocks", "shared"];
const notSeeded = ["scratch", "drafts"];

const execute = promisify(execFile);

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

/** Builds the seeds that are missing, unless somebody else does, who is waited for. */
export async function prepareSeeds(): Promise<void> {
  await mkdir(seeds, { recursive: true });
  using _turn = await turnAt(join(seeds, "lock"));
  await prepareSeed(undefined, undefined);
  let below: ModalVersion | undefined;
  for (const version of clientsInOrder) {
    await prepareSeed(version, below);
    below = version;
  }
}

/** The seed that ends with a client's image, from the one below it. */
async function prepareSeed(
  version: ModalVersion | undefined,
  below: ModalVersion | undefined,
): Promise<void> {
  const seed = seedDirectory(version);
  if (await exists(seed)) return;
  // Under another name until it is complete.
  const draft = `${seed}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  if (version !== undefined) await linkSeed(seedDirectory(below), draft);
  await using project = await temporaryDirectory({ "app.ts": seedApp, "app.py": pythonSeedApp });
  {
    await using server = await DorianProcess.start({ dataDirectory: draft });
    const run = async () => {
      if (version === undefined) return dorian(draft, ["run", "app.ts"], { cwd: project.path });
      const client = await ModalClient.open(version, draft);
      return client.modal(["run", "app.py"], { cwd: project.path });
    };
    const result = await run();
    if (result.code !== 0 || !result.stdout.includes("hello")) {
      throw new Error(
        `A seed app failed (${result.code}):\n${result.stdout}\n${result.stderr}\n${server.output}`,
      );
    }
  }
  await rename(draft, seed);
}

/** A data directory of the caller's own, with the image of TypeScript's apps and those that these clients begin with. */
export async function seededData(clients: readonly ModalVersion[] = []): Promise<TemporaryDirectory> {
  const { path } = await temporaryDirectory();
  await linkSeed(seedFor(clients), path);
  // One process removes many files with a fraction of the work of as many calls from here.
  return { path, [Symbol.asyncDispose]: async () => void (await execute("rm", ["-rf", path])) };
}

/** Copies a seed to an empty directory on another file system, where there are no hard links to it. */
export async function copySeed(directory: string, clients: readonly ModalVersion[] = []): Promise<void> {
  const seed = seedFor(clients);
  const entries = (await readdir(seed)).filter((name) => !notSeeded.includes(name));
  // All at once: files of layers and shared files are the same ones.
  await execute("cp", ["-a", ...entries.map((name) => join(seed, name)), directory]);
}

async function linkSeed(seed: string, directory: string): Promise<void> {
  const entries = (await readdir(seed)).filter((name) => !notSeeded.includes(name));
  const from = (wanted: boolean) =>
    entries.filter((name) => linked.includes(name) === wanted).map((name) => join(seed, name));
  await execute("cp", ["-al", ...from(true), directory]);
  await execute("cp", ["-a", ...from(false), directory]);
}

/** The smallest that has the images of all these clients. */
function seedFor(clients: readonly ModalVersion[]): string {
  return seedDirectory(clientsInOrder.findLast((version) => clients.includes(version)));
}

function seedDirectory(lastClient: ModalVersion | undefined): string {
  return join(seeds, lastClient === undefined ? "typescript" : `modal-${lastClient}`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
