import { open } from "node:fs/promises";
import { join } from "node:path";
import { Function as RemoteFunction } from "dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { benchServer } from "../harness/bench-server.ts";
import { compare, type Outcome } from "../harness/compare.ts";

/** Reading 1 GiB that the page cache holds, through an image and through a volume, against a plain file. */
export async function run(): Promise<Outcome[]> {
  await using server = await benchServer("weights.ts");
  await using plain = await temporaryDirectory();
  const read = RemoteFunction.fromName<(path: string) => Promise<number>>("bench-weights", "read");
  await RemoteFunction.fromName<() => Promise<void>>("bench-weights", "fill").remote();
  const path = join(plain.path, "weights.bin");
  await write(path);
  const against = { name: "plain file on the same disk", round: () => readHere(path) };
  const outcomes: Outcome[] = [];
  for (const [what, inside] of [
    ["image", "/weights.bin"],
    ["volume", "/vol/weights.bin"],
  ] as const) {
    outcomes.push(
      await compare({
        title: `Warm read of 1 GiB through the ${what} (1 MiB reads; time, so 1.03 is 0.97x the rate)`,
        unit: "ms",
        ours: { name: `file of the ${what}, in a container`, round: () => read.remote(inside) },
        against,
        rounds: 10,
        aim: 1.03,
      }),
    );
  }
  void server;
  return outcomes;
}

async function readHere(path: string): Promise<number> {
  await using file = await open(path);
  const buffer = Buffer.alloc(1024 * 1024);
  const started = performance.now();
  while ((await file.read(buffer, 0, buffer.length, null)).bytesRead > 0);
  return performance.now() - started;
}

async function write(path: string): Promise<void> {
  await using file = await open(path, "w");
  const block = Buffer.alloc(8 * 1024 * 1024, 7);
  for (let written = 0; written < 1024 ** 3; written += block.length) await file.write(block);
}
