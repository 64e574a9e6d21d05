import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { crc32, gzipSync, zstdCompressSync } from "node:zlib";
import { tarOf } from "@dorian/testkit/scripted-registry";
import { expect, test } from "vitest";
import { testBuilder } from "../../test/test-builder.ts";

const mebibyte = 2 ** 20;

async function builtWith(
  step: string,
  limits: { diskLimitBytes?: number; pidsLimit?: number } = { diskLimitBytes: 16 * mebibyte },
  contextFiles: { filename: string; data: Uint8Array }[] = [],
): Promise<unknown> {
  await using builder = await testBuilder(limits);
  const base = await builder.busybox();
  const request = { baseLayerIds: [base], baseConfig: {}, contextFiles, dockerfile: `FROM base\n${step}` };
  const outcome = await builder.build(request).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(await builder.leftovers([base])).toEqual([]);
  return outcome;
}

test.each([
  ["a file", "dd if=/dev/zero of=/large bs=1M count=48 && sleep 60"],
  [
    "a file that has no name any more",
    "exec 3>/hidden && rm /hidden && dd if=/dev/zero bs=1M count=48 >&3 && sleep 60",
  ],
])(
  "a build that fills the disk with %s is ended with the reason and leaves nothing [B16]",
  async (_, step) => {
    expect(await builtWith(`RUN ${step}`)).toMatchObject({
      code: "DISK_LIMIT_REACHED",
      message: expect.stringMatching(/ MiB, with a limit of 16 MiB/),
      remedy: expect.stringContaining("--container-disk"),
    });
  },
);

test("a build step that multiplies without end is ended with the reason and leaves nothing [B15]", async () => {
  // A shell ends when it is refused a child; awk goes on.
  const forks = `awk 'BEGIN { for (;;) system("sleep 100 &") }' 2>/dev/null`;
  expect(await builtWith(`RUN ${forks}`, { pidsLimit: 60 })).toMatchObject({
    code: "PROCESS_LIMIT_REACHED",
    message: expect.stringContaining("limit of 60 processes and threads"),
    remedy: expect.stringContaining("--container-pids"),
  });
});

test("stages count together: a build does not fill the disk a stage at a time [B16]", async () => {
  const step = (name: string) => `RUN dd if=/dev/urandom of=/${name} bs=1M count=10`;
  // The third writes when the first two are layers: a count while one becomes a layer may miss it.
  const last = "RUN sleep 1; dd if=/dev/urandom of=/more bs=1M count=3; sleep 50";
  expect(
    await builtWith(`RUN true\nFROM base\n${step("one")}\nFROM base\n${step("two")}\nFROM base\n${last}`),
  ).toMatchObject({
    code: "DISK_LIMIT_REACHED",
  });
});

/** A tar archive whose first entry says of the next one three gigabytes. */
async function longWords(type: string): Promise<Buffer> {
  const tar = await tarOf([{ name: "a", content: "" }]);
  tar.write(`${(3 * 2 ** 30).toString(8).padStart(11, "0")}\0`, 124);
  tar.write(type, 156);
  // A header's sum counts the sum itself as spaces.
  tar.write("        ", 148);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return gzipSync(tar);
}

/** An xz stream of a tar archive, whose reader is to hold four gigabytes of it. */
async function longMemory(): Promise<Buffer> {
  const archive = execFileSync("xz", ["-c"], { input: await tarOf([{ name: "a", content: "a" }]) });
  const headerBytes = ((archive[12] ?? 0) + 1) * 4;
  const dictionary = archive.indexOf(Buffer.from([0x21, 0x01]), 12) + 2;
  archive[dictionary] = 40;
  archive.writeUInt32LE(crc32(archive.subarray(12, 12 + headerBytes - 4)), 12 + headerBytes - 4);
  return archive;
}

test.each([
  ["a record of its next entry", "a.tar.gz", () => longWords("x"), /memory exhausted/],
  ["a name of its next entry", "a.tar.gz", () => longWords("L"), /memory exhausted/],
  ["what was before", "a.tar.xz", longMemory, /Cannot allocate memory/],
])(
  "an archive whose reader is to hold gigabytes for %s takes no memory of the machine, and is told [B16]",
  async (_, filename, archive, words) => {
    const contextFiles = [{ filename: `/${filename}`, data: new Uint8Array(await archive()) }];
    const error = await builtWith(`ADD ${filename} /x`, {}, contextFiles);
    expect(error).toMatchObject({
      code: "ADD_ARCHIVE_INVALID",
      message: expect.stringMatching(words) as unknown,
    });
  },
);

/** A tar archive with one file of zeros. */
function zeros(mebibytes: number): Buffer {
  const archive = ["-c", `truncate -s ${mebibytes}M zeros && tar -c zeros && rm zeros`];
  return execFileSync("sh", archive, { cwd: tmpdir(), maxBuffer: 2 ** 30 });
}

test.each([
  ["a.tar.gz", (tar: Buffer) => gzipSync(tar, { level: 1 })],
  ["a.tar.zst", (tar: Buffer) => zstdCompressSync(tar)],
  ["a.tar.bz2", (tar: Buffer) => execFileSync("bzip2", ["-1c"], { input: tar })],
  ["a.tar.xz", (tar: Buffer) => execFileSync("xz", ["-0c"], { input: tar })],
])(
  "an archive %s that unfolds beyond the limit ends its build and leaves nothing [B16]",
  async (filename, compress) => {
    const data = new Uint8Array(compress(zeros(64)));
    expect(data.length).toBeLessThan(2 * mebibyte);
    expect(
      await builtWith(`ADD ${filename} /x\nRUN sleep 60`, undefined, [{ filename: `/${filename}`, data }]),
    ).toMatchObject({
      code: "DISK_LIMIT_REACHED",
      remedy: expect.stringContaining("--container-disk") as unknown,
    });
  },
);
