import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { libc } from "@dorian/linux/libc";
import { expect, test } from "vitest";
import { TemporaryStorage } from "../test/temporary-storage.ts";

const content = randomBytes(3 * 1024 * 1024 + 1);
const then = new Date("2024-05-06T07:08:09.123Z");

let count = 0;

/** A layer with the files that `fill` writes. */
async function layer({ layers }: TemporaryStorage, fill: (directory: string) => void): Promise<string> {
  const directory = join(layers.scratchPath, `upper-${count++}`);
  mkdirSync(directory);
  fill(directory);
  await layers.shareLargeFiles(directory);
  return layers.path(await layers.adopt(directory, { durable: true }));
}

function write(path: string, bytes: Uint8Array = content, time = then): void {
  writeFileSync(path, bytes);
  utimesSync(path, time, time);
}

const inode = (path: string) => statSync(path).ino;

test("equal large files of several layers take their place once, and their directories keep their times [E3]", async () => {
  await using storage = await TemporaryStorage.open();
  const fill = (directory: string) => {
    mkdirSync(join(directory, "models"));
    write(join(directory, "models/weights"));
    utimesSync(join(directory, "models"), then, then);
  };
  const first = await layer(storage, fill);
  const second = await layer(storage, fill);
  const third = await layer(storage, (directory) => write(join(directory, "other-name")));
  expect(inode(join(second, "models/weights"))).toBe(inode(join(first, "models/weights")));
  expect(inode(join(third, "other-name"))).toBe(inode(join(first, "models/weights")));
  expect(readFileSync(join(second, "models/weights")).equals(content)).toBe(true);
  expect(statSync(join(second, "models")).mtimeMs).toBe(then.getTime());
});

test("files that differ in anything that shows stay apart [E3, E5]", async () => {
  await using storage = await TemporaryStorage.open();
  const other = Buffer.from(content);
  other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
  const inodes = new Set([
    inode(join(await layer(storage, (directory) => write(join(directory, "a"))), "a")),
  ]);
  const differences: ((path: string) => void)[] = [
    (path) => write(path, other),
    (path) => write(path, content, new Date(then.getTime() + 1)),
    (path) => (write(path), chmodSync(path, 0o755)),
    (path) => (write(path), chownSync(path, 7, 8)),
    (path) => (write(path), libc.lsetxattr(path, "user.note", Buffer.from("x"), 1, 0)),
    (path) => (write(path), linkSync(path, `${path}-too`)),
  ];
  for (const differ of differences) {
    inodes.add(inode(join(await layer(storage, (directory) => differ(join(directory, "a"))), "a")));
  }
  expect(inodes.size).toBe(1 + differences.length);
});

test("a shared file goes with the last layer that holds it", async () => {
  await using storage = await TemporaryStorage.open();
  const fill = (directory: string) => write(join(directory, "weights"));
  await layer(storage, fill);
  await layer(storage, fill);
  const shared = () => readdir(join(storage.directory, "shared"));
  const [kept = ""] = await storage.layers.list();
  await storage.layers.collect({ keep: new Set([kept]), olderThanMs: -1 });
  expect(await shared()).toHaveLength(1);
  await storage.layers.collect({ keep: new Set(), olderThanMs: -1 });
  expect(await storage.layers.list()).toEqual([]);
  expect(await shared()).toEqual([]);
});
