import { openDatabase } from "@dorian/control-plane/database/database";
import { newId } from "@dorian/base/ids";
import { smallDisk } from "@dorian/testkit/small-disk";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { makeDataDirectory } from "../process/data-directory.ts";
import { holdState } from "./held-state.ts";
import { restoreBackup } from "./restore-backup.ts";
import { takeBackup } from "./take-backup.ts";

const version = "1.2.3";
const never = new AbortController().signal;
const blob = "a value too large for the database";
const blobSha = createHash("sha256").update(blob).digest("hex");

/** A stopped server's data directory with two layers, one of them code, and a blob. */
async function dataIn(path: string) {
  const data = join(path, "data");
  await mkdir(data, { mode: 0o700 });
  const layers = [newId("ly"), newId("ly")];
  for (const layerId of layers) {
    await mkdir(join(data, "layers", layerId), { recursive: true });
    await writeFile(join(data, "layers", layerId, "file"), layerId);
  }
  await mkdir(join(data, "blocks", blobSha.slice(0, 2)), { recursive: true });
  await writeFile(join(data, "blocks", blobSha.slice(0, 2), blobSha), blob);
  await writeFile(join(data, "server.key"), "k".repeat(32), { mode: 0o600 });
  await mkdir(join(data, "layers", newId("ly")));
  const db = await openDatabase(join(data, "state.db"), { version });
  const mount = { files: "[]", created_at: 1, used_at: 1 };
  for (const [index, layer_id] of layers.entries())
    await db
      .insertInto("mount")
      .values({ ...mount, mount_id: `mo-${index}`, checksum: String(index), layer_id })
      .execute();
  await db
    .insertInto("blob")
    .values({
      blob_id: "bl-1",
      sha256: blobSha,
      size: blob.length,
      created_at: 1,
      created_by: "",
      environment: null,
    })
    .execute();
  // Its memory is not in a backup.
  await db
    .insertInto("memory_snapshot")
    .values({
      snapshot_key: "k",
      function_id: "fu-1",
      layer_id: newId("ly"),
      bytes: 5,
      took_ms: 7,
      failures: 0,
      created_at: 1,
      used_at: 1,
    })
    .execute();
  await db.destroy();
  return { data, layers };
}

const noServer = () => {
  throw new Error("no server runs");
};

function take(
  dataDirectory: string,
  directory: string,
  options: Partial<Parameters<typeof takeBackup>[0]> = {},
) {
  const hold = ({ signal }: { signal: AbortSignal }) =>
    holdState(dataDirectory, { version, connect: noServer, signal });
  return takeBackup({
    dataDirectory,
    directory,
    version,
    hold,
    onProgress: () => {},
    signal: never,
    ...options,
  });
}

const restore = (directory: string, dataDirectory: string, options = {}) =>
  restoreBackup({ directory, dataDirectory, version, onProgress: () => {}, signal: never, ...options });

test("a backup has what the state names and nothing else, and is open to its owner alone", async () => {
  await using place = await temporaryDirectory();
  const { data, layers } = await dataIn(place.path);
  const directory = join(place.path, "backup");
  const { record } = await take(data, directory);
  expect((await readdir(join(directory, "layers"))).toSorted()).toEqual(layers.toSorted());
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect(record).toMatchObject({ version, source: data, missing: [], blobs: { [blobSha]: blob.length } });
  await rm(data, { recursive: true });
  const target = join(place.path, "restored");
  expect(await restore(directory, target)).toEqual(record);
  expect(await readFile(join(target, "layers", layers[0] ?? "", "file"), "utf8")).toBe(layers[0]);
  expect(await readFile(join(target, "blocks", blobSha.slice(0, 2), blobSha), "utf8")).toBe(blob);
  expect(await readFile(join(target, "server.key"), "utf8")).toBe("k".repeat(32));
  const db = await openDatabase(join(target, "state.db"), { version });
  expect(await db.selectFrom("mount").select("layer_id").execute()).toHaveLength(2);
  expect(await db.selectFrom("memory_snapshot").selectAll().execute()).toEqual([]);
  await db.destroy();
});

test("the next backup takes what has changed, and what has gone goes after it", async () => {
  await using place = await temporaryDirectory();
  const { data, layers } = await dataIn(place.path);
  const directory = join(place.path, "backup");
  await take(data, directory);
  const fresh = newId("ly");
  await mkdir(join(data, "layers", fresh));
  await writeFile(join(data, "layers", fresh, "file"), "fresh");
  {
    using state = new DatabaseSync(join(data, "state.db"));
    state.exec(`update mount set layer_id = '${fresh}' where mount_id = 'mo-0'`);
  }
  expect((await take(data, directory)).newBytes).toBe("fresh".length);
  expect((await readdir(join(directory, "layers"))).toSorted()).toEqual([fresh, layers[1]].toSorted());
  expect(await readdir(join(directory, "states"))).toHaveLength(1);
});

test.each(["interrupted", "its server lost"])(
  "one that is broken off (%s) leaves the one before as it was",
  async (how) => {
    await using place = await temporaryDirectory();
    const { data } = await dataIn(place.path);
    const directory = join(place.path, "backup");
    const stop = new AbortController();
    const stopAtFirst = { onProgress: () => stop.abort(new Error(how)) };
    const options =
      how === "interrupted"
        ? { ...stopAtFirst, signal: stop.signal }
        : {
            ...stopAtFirst,
            hold: async () => {
              const held = await holdState(data, { version, connect: noServer, signal: never });
              return Object.assign(held, { signal: stop.signal });
            },
          };
    await expect(take(data, directory, options)).rejects.toThrow(how);
    await expect(restore(directory, join(place.path, "restored"))).rejects.toMatchObject({
      code: "BACKUP_NOT_WHOLE",
    });
    const { record } = await take(data, directory);
    {
      using state = new DatabaseSync(join(data, "state.db"));
      const layerId = newId("ly");
      await mkdir(join(data, "layers", layerId));
      await writeFile(join(data, "layers", layerId, "file"), "fresh");
      state.exec(`update mount set layer_id = '${layerId}' where mount_id = 'mo-0'`);
    }
    const again = new AbortController();
    await expect(
      take(data, directory, { onProgress: () => again.abort(new Error(how)), signal: again.signal }),
    ).rejects.toThrow(how);
    expect(await restore(directory, join(place.path, "restored"))).toEqual(record);
  },
);

test("where it cannot be is said before anything is written there", async () => {
  await using place = await temporaryDirectory({ "full/file": "theirs" });
  const { data } = await dataIn(place.path);
  await expect(take(data, join(data, "backup"))).rejects.toMatchObject({ code: "BACKUP_INSIDE_DATA" });
  await expect(take(data, join(place.path, "full"))).rejects.toMatchObject({
    code: "BACKUP_DIRECTORY_TAKEN",
  });
  expect(await readdir(join(place.path, "full"))).toEqual(["file"]);
  await using disk = await smallDisk({ mebibytes: 8 });
  await disk.fill({ leaveBytes: 300_000 });
  await writeFile(
    join(data, "layers", (await readdir(join(data, "layers")))[0] ?? "", "large"),
    Buffer.alloc(2_000_000),
  );
  await expect(take(data, disk.path)).rejects.toMatchObject({ code: /BACKUP_NO_ROOM|STORAGE_FULL/ });
});

test("what the data directory lacks is told, and the rest is backed up", async () => {
  await using place = await temporaryDirectory();
  const { data, layers } = await dataIn(place.path);
  await rm(join(data, "layers", layers[0] ?? ""), { recursive: true });
  expect((await take(data, join(place.path, "backup"))).record.missing).toEqual([layers[0]]);
});

test("a restore refuses what is damaged, a directory in use, and what a newer version wrote, and leaves nothing", async () => {
  await using place = await temporaryDirectory({ "used/file": "theirs" });
  const { data, layers } = await dataIn(place.path);
  const directory = join(place.path, "backup");
  const target = join(place.path, "restored");
  const { record } = await take(data, directory);
  await expect(restore(directory, join(place.path, "used"))).rejects.toMatchObject({
    code: "DATA_DIRECTORY_NOT_EMPTY",
  });

  await rm(join(directory, "layers", layers[0] ?? "", "file"));
  await expect(restore(directory, target)).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
  expect(await readdir(target)).toEqual([]);

  await writeFile(join(directory, "states", record.state, "server.key"), "another");
  await expect(restore(directory, target)).rejects.toThrow(/server\.key is not what was written/);

  {
    using state = new DatabaseSync(join(data, "state.db"));
    state.exec(
      "insert into kysely_migration (name, timestamp, version) values ('9999-later', '2030', '9.9.9')",
    );
  }
  const newer = join(place.path, "newer");
  const words = /was written by version 9\.9\.9 of Dorian: this one, 1\.2\.3/;
  await expect(take(data, newer)).rejects.toThrow(words);
  // As the newer version would.
  const copyTo = (path: string) => copyFile(join(data, "state.db"), path);
  await take(data, newer, { hold: async () => ({ signal: never, copyTo, [Symbol.dispose]() {} }) });
  await expect(restore(newer, target)).rejects.toThrow(words);
  expect(await readdir(target)).toEqual([]);
});

test("a directory to which a restore did not end is no data directory", async () => {
  await using place = await temporaryDirectory();
  const { data } = await dataIn(place.path);
  const directory = join(place.path, "backup");
  await take(data, directory);
  const target = join(place.path, "restored");
  let refused: unknown;
  await restore(directory, target, {
    onProgress: () => {
      refused ??= refusalOf(target);
    },
  });
  expect(refused).toBe("DATA_DIRECTORY_HALF_RESTORED");
});

function refusalOf(path: string): unknown {
  try {
    makeDataDirectory(path);
    return undefined;
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}
