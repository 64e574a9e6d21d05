import { copyFile, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Function as RemoteFunction } from "dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { benchServer } from "../harness/bench-server.ts";
import { compare, type Outcome } from "../harness/compare.ts";

/** Each round writes three times as much, to disks that may be slow. */
const gibibytes = 1;

/** Committing a file just written, against copying one just written: both end on disk. */
export async function run(): Promise<Outcome[]> {
  await using server = await benchServer("weights.ts");
  await using plain = await temporaryDirectory();
  const commit = RemoteFunction.fromName<(name: string, gibibytes: number) => Promise<number>>(
    "bench-weights",
    "commit",
  );
  const outcome = await compare({
    title: `Commit of a ${gibibytes} GiB file that was just written`,
    unit: "ms",
    ours: { name: "volume.commit(), durable", round: () => commit.remote("same-name.bin", gibibytes) },
    against: { name: "copy of such a file and fsync", round: () => copy(plain.path) },
    rounds: 3,
    aim: 0.5,
  });
  void server;
  return [outcome];
}

async function copy(directory: string): Promise<number> {
  const [source, target] = [join(directory, "source"), join(directory, "target")];
  {
    await using file = await open(source, "w");
    const block = Buffer.alloc(8 * 1024 * 1024, 7);
    for (let written = 0; written < gibibytes * 1024 ** 3; written += block.length) await file.write(block);
  }
  const started = performance.now();
  await copyFile(source, target);
  await using copied = await open(target, "r");
  await copied.sync();
  const milliseconds = performance.now() - started;
  await rm(source);
  await rm(target);
  return milliseconds;
}
