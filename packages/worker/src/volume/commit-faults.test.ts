import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { smallDisk, type SmallDisk } from "@dorian/testkit/small-disk";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MountedVolume } from "./mounted-volume.ts";
import type { CommitKind } from "./volume-overlay.ts";
import type { VolumeUsers } from "./volume-users.ts";
import { readTree } from "@dorian/testkit/read-tree";
import { machine, ShellSession, signal, type MachineOptions } from "../../test/test-volumes.ts";

const base =
  `mkdir -p team/old team/replaced team/logs && cd team && echo old > old/file && echo b > replaced/before &&
  echo k > replaced/kept && echo g > gone && echo l > logs/earlier`.replaceAll("\n", " ");

/** One of each: a directory made anew, one that was renamed, what was deleted, what is new, a file that stays open. */
const changes =
  `rm -r replaced && mkdir replaced && echo new > replaced/kept && ! test -e replaced/before && mv old new &&
  rm gone && echo a > added && mkdir -p deep/er && echo d > deep/er/f && exec 3> logs/open && echo one >&3`.replaceAll(
    "\n",
    " ",
  );

/** What would go wrong on a directory that a commit has left half done. */
const later =
  `echo late >&3 && echo again > replaced/before && mv new newer && echo z > newer/z && rm -r deep && mkdir deep &&
  echo z > deep/z && rm added && echo g > gone && exec 3>&-`.replaceAll("\n", " ");

interface Case {
  kind: CommitKind;
  /** The writer's working directory is in the volume. */
  standing?: boolean;
  /** It was when the volume was last committed, and has left since. */
  stood?: boolean;
  subPath?: string;
  machine?: MachineOptions;
}

const cases: [string, Case][] = [
  ["a commit", { kind: "requested" }],
  ["a commit in the background", { kind: "background" }],
  ["a commit of one directory of a volume", { kind: "requested", subPath: "team" }],
  ["a commit for users with ids of their own", { kind: "requested", machine: { userNamespace: true } }],
  ["a commit under a process that stands in the volume", { kind: "requested", standing: true }],
  ["a commit after one under such a process", { kind: "requested", stood: true }],
];

interface Written {
  volume: MountedVolume;
  /** Where its files are, as users see them. */
  directory: string;
  writer: ShellSession;
}

async function written(host: Awaited<ReturnType<typeof machine>>, options: Case): Promise<Written> {
  const ids = host.userNamespace?.ids.first;
  const owner = ids === undefined ? {} : { uid: ids, gid: ids };
  const first = await host.mount();
  const before = await ShellSession.open("/", owner);
  await before.run(`cd ${first.target} && ${base} && cd /`);
  await first.commit("requested", before.users, { signal });
  const volume = await host.mount(options.subPath === undefined ? {} : { subPath: options.subPath });
  const directory = options.subPath === undefined ? join(volume.target, "team") : volume.target;
  const writer = await ShellSession.open("/", owner);
  await writer.run(`cd ${directory} && umask 022`);
  if (options.stood) {
    await writer.run("echo before > earlier && mkdir apart && echo 1 > apart/1");
    await volume.commit("background", writer.users, { signal });
    await writer.run("echo then > earlier");
  }
  await writer.run(changes);
  if (!options.standing) await writer.run("cd /");
  return { volume, directory, writer };
}

async function expectAllCommitted(
  host: Awaited<ReturnType<typeof machine>>,
  { volume, directory, writer }: Written,
) {
  await writer.run(`cd ${directory} && ${later} && cd /`);
  await volume.commit("requested", writer.users, { signal });
  const seen = readTree(volume.target);
  expect(readTree(directory)).toMatchObject({
    "logs/open": expect.stringMatching(/one\nlate\n$/),
    "replaced/before": expect.stringMatching(/again/),
  });
  const reader = await host.mount(volume.target === directory ? { subPath: "team" } : {});
  expect(readTree(reader.target)).toEqual(seen);
  const known = new Set(host.heads.versions.flatMap((version) => version.layerIds));
  expect((await host.layers.list()).toSorted()).toEqual([...known].toSorted());
}

let disk: SmallDisk;

beforeAll(async () => {
  disk = await smallDisk({ mebibytes: 16, inodes: 400 });
});

afterAll(() => disk[Symbol.asyncDispose]());

/** More commits than are tried with ever more room, until one has enough. */
const mostTries = 80;

test.each(
  cases.flatMap(([name, options]) =>
    (["inodes", "space"] as const).map((lack) => [name, lack, options] as const),
  ),
)(
  "%s that runs out of %s at any step leaves the volume as it was, and the next one takes all of it [L1]",
  { timeout: 300_000 },
  async (_name, lack, options) => {
    let failures = 0;
    for (let room = 0; room < mostTries; room += 1) {
      await using host = await machine({ ...options.machine, on: disk.path });
      const all = await written(host, options);
      const before = readTree(all.volume.target);
      const versions = host.heads.versions.length;
      if (lack === "inodes") await disk.fillInodes({ leave: room });
      else await disk.fill({ leaveBytes: room * 4096 });
      const outcome = await all.volume
        .commit(options.kind, all.writer.users, { signal })
        .catch((error: unknown) => error);
      if (outcome instanceof Error) {
        failures += 1;
        expect(outcome).toMatchObject({ code: "STORAGE_FULL" });
        expect(host.heads.versions).toHaveLength(versions);
        expect(readTree(all.volume.target)).toEqual(before);
      }
      await disk.free();
      await expectAllCommitted(host, all);
      if (!(outcome instanceof Error)) break;
    }
    expect(failures).toBeGreaterThan(0);
    expect(failures).toBeLessThan(mostTries);
    expect(await readdir(disk.path)).toEqual([]);
  },
);

test("what is written while a commit is being recorded stays, and is committed, though the view is refreshed [L1, L2]", async () => {
  const host = await machine();
  const [volume, other] = [await host.mount(), await host.mount()];
  await writeFile(join(other.target, "others"), "o");
  await other.commit("requested", undefined, { signal });
  await writeFile(join(volume.target, "first"), "1");
  host.heads.whenAppending = async () => {
    host.heads.whenAppending = async () => {};
    await writeFile(join(volume.target, "meanwhile"), "m");
  };
  await volume.commit("requested", undefined, { signal });
  const all = ["first", "meanwhile", "others"];
  expect((await readdir(volume.target)).toSorted()).toEqual(all);
  await volume.commit("requested", undefined, { signal });
  expect((await readdir((await host.mount()).target)).toSorted()).toEqual(all);
});

test("what is written before a reload shows the newest version stays, and is committed [L1, L2]", async () => {
  const host = await machine();
  const [volume, other] = [await host.mount(), await host.mount()];
  const standing = await ShellSession.open(volume.target);
  await standing.run("echo 1 > first");
  host.heads.whenAppending = async () => {
    host.heads.whenAppending = async () => {};
    await standing.run("echo m > meanwhile");
    await writeFile(join(other.target, "others"), "o");
    await other.commit("requested", undefined, { signal });
  };
  await volume.reload(standing.users, { signal });
  const all = ["first", "meanwhile", "others"];
  expect((await readdir(volume.target)).toSorted()).toEqual(all);
  expect((await readdir((await host.mount()).target)).toSorted()).toEqual(all);
});

type Breaking = (host: Awaited<ReturnType<typeof machine>>, users: VolumeUsers) => VolumeUsers;

const failing = () => Promise.reject(Object.assign(new Error("EIO: i/o error"), { code: "EIO" }));
const breakages: [string, Breaking][] = [
  ["whose users cannot be frozen", (_, users) => ({ ...users, freeze: failing })],
  ["whose users cannot be listed", (_, users) => ({ ...users, pids: failing })],
  ["whose users are gone", (_, users) => ({ ...users, pid: 2 ** 22 + 1 })],
  [
    "that the server does not take",
    (host, users) => {
      host.heads.fail = true;
      return users;
    },
  ],
];

test.each(
  breakages.flatMap(([name, how]) => cases.map(([of, options]) => [of, name, how, options] as const)),
)(
  "%s %s leaves the volume as it was, and the next one takes all of it [L1]",
  async (_of, _name, how, options) => {
    const host = await machine(options.machine);
    const all = await written(host, options);
    const before = readTree(all.volume.target);
    const versions = host.heads.versions.length;
    const users = how(host, all.writer.users);
    // Where nothing is swapped nobody needs to be there.
    await all.volume.commit(options.kind, users, { signal }).then(
      () => expect(options.standing).toBe(true),
      () => expect(host.heads.versions).toHaveLength(versions),
    );
    host.heads.fail = false;
    expect(readTree(all.volume.target)).toEqual(before);
    await expectAllCommitted(host, all);
  },
);
