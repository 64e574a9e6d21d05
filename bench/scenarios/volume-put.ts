import { createHash, randomFillSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { must } from "@dorian/base/must";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { dorian, runCommand } from "@dorian/testkit/run-command";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { compare, type Outcome } from "../harness/compare.ts";

const blockBytes = 8 * 1024 * 1024;
/** `BENCH_GIBIBYTES=4 script/bench volume-put` takes a larger one, and writes 40 GiB in all. */
const gibibytes = Number(process.env["BENCH_GIBIBYTES"] ?? 1);
const fileBytes = gibibytes * 1024 ** 3;

/**
 * Putting a file that the server has nothing of into a volume, against copying such a file on the same disk: both end on
 * disk. How much of it the server wrote for that. And what both client and server have to do besides: read it and take its
 * SHA-256.
 */
export async function run(): Promise<Outcome[]> {
  await using data = await temporaryDirectory();
  await using plain = await temporaryDirectory();
  await using server = await DorianProcess.start({ dataDirectory: data.path, command: "server" });
  const source = join(plain.path, "source");
  await need(dorian(data.path, ["volume", "create", "bench"]));
  const puts: { seconds: number; written: number }[] = [];
  const put = async () => {
    await writeAnew(source);
    const before = await writtenBy(server.pid);
    const seconds = await timed(() =>
      need(dorian(data.path, ["volume", "put", "bench", source, `/weights-${puts.length}`])),
    );
    puts.push({ seconds, written: ((await writtenBy(server.pid)) - before) / fileBytes });
    return seconds;
  };
  const copy = async () => {
    await writeAnew(source);
    const target = join(plain.path, "target");
    const seconds = await timed(async () => {
      await need(runCommand(["cp", "--reflink=never", source, target], {}));
      await need(runCommand(["sync", target], {}));
    });
    await rm(target);
    return seconds;
  };
  const title = `A new file of ${gibibytes} GiB put into a volume`;
  const rounds = 3;
  const timing = await compare({
    title,
    unit: "s",
    ours: { name: "dorian volume put", round: put },
    against: { name: "cp and sync on the same disk", round: copy },
    rounds,
    aim: 1.3,
  });
  const again = <T>(values: readonly T[]) => {
    const left = [...values];
    return async () => must(left.shift(), "a round that was measured");
  };
  const writing = await compare({
    title: `${title}: what is written to disk`,
    unit: "of it",
    ours: { name: "by the server", round: again(puts.map(({ written }) => written)) },
    against: { name: "the file once", round: async () => 1 },
    rounds,
    aim: 1.01,
  });
  const hashing = await compare({
    title: `${title}, and its digest`,
    unit: "s",
    ours: { name: "dorian volume put", round: again(puts.map(({ seconds }) => seconds)) },
    against: { name: "SHA-256 on one core", round: () => timed(() => digest(source)) },
    rounds,
    aim: 2,
  });
  return [timing, writing, hashing];
}

/** A file no block of which was ever seen before, in the page cache and on disk. */
async function writeAnew(path: string): Promise<void> {
  const block = Buffer.alloc(blockBytes);
  randomFillSync(block);
  await using file = await open(path, "w");
  for (let written = 0; written < fileBytes; written += block.length) {
    randomFillSync(block, 0, 16);
    await file.write(block);
  }
  await file.sync();
}

async function digest(path: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: blockBytes }))
    hash.update(chunk as Buffer);
  hash.digest();
}

/** Bytes that a process has had written to disk, as the kernel counts them. */
async function writtenBy(pid: number): Promise<number> {
  return Number(/^write_bytes: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, "utf8"))?.[1]);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function need(running: ReturnType<typeof runCommand>): Promise<void> {
  const { code, stdout, stderr } = await running;
  if (code !== 0) throw new Error(`A command of the bench failed (${code}):\n${stdout}${stderr}`);
}
