import { createHash, randomFillSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { dorian, runCommand } from "@dorian/testkit/run-command";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { compare, type Outcome } from "../harness/compare.ts";

const blockBytes = 8 * 1024 * 1024;
/** The larger one is asked for by name: it writes 40 GiB in all. */
const gibibytes = Number(process.env["BENCH_GIBIBYTES"] ?? 1);

/**
 * Putting a file that the server has nothing of into a volume, against copying such a file on the same disk: both end on
 * disk. Then against reading it and taking its SHA-256 on one core, which both client and server have to do besides.
 */
export async function run(): Promise<Outcome[]> {
  await using data = await temporaryDirectory();
  await using plain = await temporaryDirectory();
  await using server = await DorianProcess.start({ dataDirectory: data.path, command: "server" });
  void server;
  const source = join(plain.path, "source");
  await need(dorian(data.path, ["volume", "create", "bench"]));
  let name = 0;
  const put = async () => {
    await writeAnew(source);
    const started = performance.now();
    await need(dorian(data.path, ["volume", "put", "bench", source, `/weights-${name++}`]));
    return (performance.now() - started) / 1000;
  };
  const copy = async () => {
    await writeAnew(source);
    const target = join(plain.path, "target");
    const started = performance.now();
    await need(runCommand(["cp", "--reflink=never", source, target], {}));
    await need(runCommand(["sync", target], {}));
    const seconds = (performance.now() - started) / 1000;
    await rm(target);
    return seconds;
  };
  const digest = async () => {
    const started = performance.now();
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(source, { highWaterMark: blockBytes }))
      hash.update(chunk as Buffer);
    hash.digest();
    return (performance.now() - started) / 1000;
  };
  const ours = { name: "dorian volume put", round: put };
  const title = `A new file of ${gibibytes} GiB put into a volume`;
  return [
    await compare({
      title: `${title}, against its copy`,
      unit: "s",
      ours,
      against: { name: "cp and sync on the same disk", round: copy },
      rounds: 3,
      aim: 1.3,
    }),
    await compare({
      title: `${title}, against its digest`,
      unit: "s",
      ours,
      against: { name: "SHA-256 on one core", round: digest },
      rounds: 1,
      aim: 2,
    }),
  ];
}

/** A file no block of which was ever seen before, in the page cache and on disk. */
async function writeAnew(path: string): Promise<void> {
  const block = Buffer.alloc(blockBytes);
  randomFillSync(block);
  await using file = await open(path, "w");
  for (let written = 0; written < gibibytes * 1024 ** 3; written += block.length) {
    randomFillSync(block, 0, 16);
    await file.write(block);
  }
  await file.sync();
}

async function need(running: ReturnType<typeof runCommand>): Promise<void> {
  const { code, stdout, stderr } = await running;
  if (code !== 0) throw new Error(`A command of the bench failed (${code}):\n${stdout}${stderr}`);
}
