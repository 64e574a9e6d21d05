import { open } from "node:fs/promises";
import { App, Image, Volume } from "dorian";

const volume = Volume.fromName("bench-weights", { createIfMissing: true });
const bytes = 1024 * 1024 * 1024;

export async function bake() {
  await write("/weights.bin", bytes);
}

export const app = new App("bench-weights", { image: Image.debianSlim().runFunction(bake) });

/** Milliseconds to read a file once with 1 MiB reads. */
export const read = app.function(
  { name: "read", volumes: { "/vol": volume }, scaledownWindow: 300 },
  async (path: string) => {
    await using file = await open(path);
    const buffer = Buffer.alloc(1024 * 1024);
    const started = performance.now();
    while ((await file.read(buffer, 0, buffer.length, null)).bytesRead > 0);
    return performance.now() - started;
  },
);

export const fill = app.function({ name: "fill", volumes: { "/vol": volume } }, async () => {
  await write("/vol/weights.bin", bytes);
  await volume.commit();
});

/** Milliseconds to commit a file of `gibibytes`, written just before. */
export const commit = app.function(
  { name: "commit", volumes: { "/vol": volume }, scaledownWindow: 300 },
  async (name: string, gibibytes: number) => {
    await write(`/vol/${name}`, gibibytes * 1024 ** 3);
    const started = performance.now();
    await volume.commit();
    return performance.now() - started;
  },
);

async function write(path: string, size: number): Promise<void> {
  await using file = await open(path, "w");
  const block = Buffer.alloc(8 * 1024 * 1024);
  for (let index = 0; index < block.length; index += 4)
    block.writeUInt32LE((index * 2_654_435_761) >>> 0, index);
  for (let written = 0; written < size; written += block.length) await file.write(block);
}
