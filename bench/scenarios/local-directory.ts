import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { dorian, runCommand } from "@dorian/testkit/run-command";
import { modalVersions } from "@dorian/testkit/modal-client";
import { prepareSeeds, seededData } from "@dorian/testkit/seeded-data";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { compare, type Outcome } from "../harness/compare.ts";

const files = 5_000;
const fileBytes = 220_000;

const app = (name: string, layer: string) => `
import { App, Image } from "dorian";
export const app = new App("${name}", { image: Image.debianSlim()${layer} });
export const hello = app.function({ name: "hello" }, async () => "hello");
`;

/** What an unchanged directory of 5,000 files and 1.1 GB adds to a deployment, against listing it, and the 0.3 s that it may take. */
export async function run(): Promise<Outcome[]> {
  await prepareSeeds();
  await using data = await seededData([modalVersions.newest]);
  await using project = await temporaryDirectory({
    "with.ts": app("with", `.addLocalDir("data", "/data")`),
    "without.ts": app("without", ""),
  });
  const directory = join(project.path, "data");
  await fill(directory);
  await using server = await DorianProcess.start({ dataDirectory: data.path });
  void server;
  const timed = async (command: ReturnType<typeof runCommand>) => {
    const started = performance.now();
    const { code, stderr } = await command;
    if (code !== 0) throw new Error(stderr);
    return performance.now() - started;
  };
  const deploy = (file: string) => dorian(data.path, ["deploy", file], { cwd: project.path });
  // What changed a moment ago is read again.
  await timed(runCommand(["sleep", "4"], {}));
  const added = async () => {
    const withIt = await timed(deploy("with.ts"));
    return Math.max(0, withIt - (await timed(deploy("without.ts"))));
  };
  const ours = { name: "deploy with it, less one without", round: added };
  const title = `addLocalDir of ${files} unchanged files, ${(files * fileBytes) / 1e9} GB`;
  const find = { name: "find -ls", round: () => timed(runCommand(["find", directory, "-ls"], {})) };
  const limit = { name: "0.3 s", round: async () => 300 };
  const pairs = [
    { against: find, aim: 10 },
    { against: limit, aim: 1 },
  ];
  const outcomes: Outcome[] = [];
  for (const pair of pairs) outcomes.push(await compare({ title, unit: "ms", rounds: 10, ours, ...pair }));
  return outcomes;
}

async function fill(directory: string): Promise<void> {
  for (let index = 0; index < files; index += 1) {
    const folder = join(directory, `${Math.floor(index / 100)}`);
    if (index % 100 === 0) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${index}`), Buffer.alloc(fileBytes, `${index} `));
  }
}
