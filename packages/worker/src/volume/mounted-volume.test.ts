import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { asFileOwner } from "@dorian/linux/file-owner";
import { eventually } from "@dorian/testkit/eventually";
import { expect, onTestFinished, test } from "vitest";
import { machine, shell, ShellSession, signal, usersOf, usersOfGroup } from "../../test/test-volumes.ts";

test("a commit publishes what was written and a reload elsewhere shows it, but nothing does before [L2, N1, N2, N9]", async () => {
  const { mount } = await machine();
  const writer = await mount();
  const reader = await mount();
  await writeFile(join(writer.target, "weights"), "one");
  expect(await writer.commit("requested", undefined, { signal })).toBe(3);
  expect(await readdir(reader.target)).toEqual([]);
  await reader.reload(undefined, { signal });
  expect(await readFile(join(reader.target, "weights"), "utf8")).toBe("one");
});

test("a commit without changes makes no version", async () => {
  const { mount, heads } = await machine();
  const volume = await mount();
  expect(await volume.commit("requested", undefined, { signal })).toBeUndefined();
  expect(heads.versions).toHaveLength(1);
});

test("writers of different files in one new directory both survive, and of one file the last commit wins [L4]", async () => {
  const { mount } = await machine();
  const [first, second] = [await mount(), await mount()];
  for (const [volume, name] of [
    [first, "a"],
    [second, "b"],
  ] as const) {
    await mkdir(join(volume.target, "models"));
    await writeFile(join(volume.target, "models", name), name);
    await writeFile(join(volume.target, "models", "shared"), name);
  }
  await first.commit("requested", undefined, { signal });
  await second.commit("requested", undefined, { signal });
  const reader = await mount();
  expect((await readdir(join(reader.target, "models"))).toSorted()).toEqual(["a", "b", "shared"]);
  expect(await readFile(join(reader.target, "models", "shared"), "utf8")).toBe("b");
});

test("deletions and renames are committed, of directories too [L6]", async () => {
  const { mount } = await machine();
  const volume = await mount();
  await mkdir(join(volume.target, "tmp"));
  await writeFile(join(volume.target, "tmp", "w"), "w");
  await writeFile(join(volume.target, "old"), "x");
  await volume.commit("requested", undefined, { signal });
  await rename(join(volume.target, "tmp"), join(volume.target, "final"));
  await rm(join(volume.target, "old"));
  await volume.commit("requested", undefined, { signal });
  const reader = await mount();
  expect(await readdir(reader.target)).toEqual(["final"]);
  expect(await readFile(join(reader.target, "final", "w"), "utf8")).toBe("w");
});

test("an open reader keeps its version across a reload that succeeds [N3]", async () => {
  const { mount } = await machine();
  const [writer, reader] = [await mount(), await mount()];
  await writeFile(join(writer.target, "w"), "v1");
  await writer.commit("requested", undefined, { signal });
  await reader.reload(undefined, { signal });
  await using held = await open(join(reader.target, "w"));
  await writeFile(join(writer.target, "w"), "v2");
  await writer.commit("requested", undefined, { signal });
  await reader.reload(undefined, { signal });
  expect(await readFile(join(reader.target, "w"), "utf8")).toBe("v2");
  expect(await held.readFile("utf8")).toBe("v1");
});

test("a file that is being written stays out of a background commit and its writer goes on undisturbed [M3, M8]", async () => {
  const { mount } = await machine();
  const volume = await mount();
  await writeFile(join(volume.target, "done"), "done");
  const child = await shell(
    `exec 3>${volume.target}/log; echo one >&3; echo ready; read x; echo two >&3; exec 3>&-; echo closed; read x`,
  );
  const users = usersOf(child);
  await volume.commit("background", users, { signal });
  const early = await mount();
  expect(await readdir(early.target)).toEqual(["done"]);
  expect(await readFile(join(volume.target, "log"), "utf8")).toBe("one\n");
  child.stdin?.write("\n");
  await once(child.stdout as NodeJS.ReadableStream, "data");
  await volume.commit("background", users, { signal });
  const late = await mount();
  expect(await readFile(join(late.target, "log"), "utf8")).toBe("one\ntwo\n");
});

test("a requested commit takes an open file as it is, and later writes go into the next one", async () => {
  const { mount } = await machine();
  const volume = await mount();
  const child = await shell(
    `exec 3>${volume.target}/log; echo one >&3; echo ready; read x; echo two >&3; echo more; read x`,
  );
  const users = usersOf(child);
  await volume.commit("requested", users, { signal });
  const early = await mount();
  expect(await readFile(join(early.target, "log"), "utf8")).toBe("one\n");
  child.stdin?.write("\n");
  await once(child.stdout as NodeJS.ReadableStream, "data");
  expect(await readFile(join(early.target, "log"), "utf8")).toBe("one\n");
  await volume.commit("requested", users, { signal });
  const late = await mount();
  expect(await readFile(join(late.target, "log"), "utf8")).toBe("one\ntwo\n");
});

test("a process whose working directory is the volume can go on writing after a commit [N3]", async () => {
  const { mount } = await machine();
  const volume = await mount();
  const child = await shell(
    "echo one > a; echo ready; read x; echo two > b; echo more; read x",
    volume.target,
  );
  const users = usersOf(child);
  await volume.commit("requested", users, { signal });
  child.stdin?.write("\n");
  await once(child.stdout as NodeJS.ReadableStream, "data");
  await volume.commit("requested", users, { signal });
  const reader = await mount();
  expect((await readdir(reader.target)).toSorted()).toEqual(["a", "b"]);
});

test("a reload commits what was written before [N6]", async () => {
  const { mount, heads } = await machine();
  const volume = await mount();
  await writeFile(join(volume.target, "mine"), "x");
  await volume.reload(undefined, { signal });
  expect(await readFile(join(volume.target, "mine"), "utf8")).toBe("x");
  expect(heads.versions).toHaveLength(2);
});

test("a commit that cannot be recorded loses nothing and is recorded by the next one", async () => {
  const { mount, heads } = await machine();
  const volume = await mount();
  await writeFile(join(volume.target, "a"), "a");
  heads.fail = true;
  await expect(volume.commit("requested", undefined, { signal })).rejects.toThrow("No server");
  expect(await readFile(join(volume.target, "a"), "utf8")).toBe("a");
  heads.fail = false;
  await writeFile(join(volume.target, "b"), "b");
  await volume.commit("requested", undefined, { signal });
  const reader = await mount();
  expect((await readdir(reader.target)).toSorted()).toEqual(["a", "b"]);
});

test("committing moves a file into the layer and copies no byte of it [L8]", async () => {
  const { mount, layers, heads } = await machine();
  const volume = await mount();
  await writeFile(join(volume.target, "weights"), Buffer.alloc(1 << 20, 7));
  const before = await stat(join(volume.target, "weights"));
  await volume.commit("requested", undefined, { signal });
  const layerId = (await heads.head("vo-1", { signal })).layerIds.at(-1) as string;
  expect((await stat(join(layers.path(layerId), "weights"))).ino).toBe(before.ino);
});

test("a file stays out of every background commit for as long as it is being written, under whatever name [M3]", async () => {
  const { mount } = await machine();
  const volume = await mount();
  const child = await shell(
    `mkdir ${volume.target}/d; echo done > ${volume.target}/d/done; exec 3>${volume.target}/d/log; echo one >&3; echo ready; read x; mv ${volume.target}/d/log ${volume.target}/d/renamed; echo two >&3; echo more; read x; echo three >&3; exec 3>&-; echo closed; read x`,
  );
  const users = usersOf(child);
  await volume.commit("background", users, { signal });
  expect((await readdir(join(volume.target, "d"))).toSorted()).toEqual(["done", "log"]);
  await writeFile(join(volume.target, "d/other"), "x");
  await volume.commit("background", users, { signal });
  child.stdin?.write("\n");
  await once(child.stdout as NodeJS.ReadableStream, "data");
  await writeFile(join(volume.target, "d/another"), "x");
  await volume.commit("background", users, { signal });
  const early = await mount();
  expect((await readdir(join(early.target, "d"))).toSorted()).toEqual(["another", "done", "other"]);
  child.stdin?.write("\n");
  await once(child.stdout as NodeJS.ReadableStream, "data");
  await volume.commit("background", users, { signal });
  const late = await mount();
  expect((await readdir(join(late.target, "d"))).toSorted()).toEqual(["another", "done", "other", "renamed"]);
  expect(await readFile(join(late.target, "d/renamed"), "utf8")).toBe("one\ntwo\nthree\n");
});

test("commits under a process that stands in the volume tell deletions, renames and replaced directories [L6, N3]", async () => {
  const { mount } = await machine();
  const other = await mount();
  await mkdir(join(other.target, "old"));
  await writeFile(join(other.target, "old/file"), "old");
  await mkdir(join(other.target, "replaced"));
  await writeFile(join(other.target, "replaced/before"), "before");
  await writeFile(join(other.target, "replaced/kept"), "base");
  await other.commit("requested", undefined, { signal });

  const volume = await mount();
  const steps = [
    "echo 1 > first; ln -s nowhere link; mkdir temporary; echo t > temporary/file; rm -r replaced; mkdir replaced; echo new > replaced/kept",
    "rm -r temporary; mv old new; echo after > replaced/after",
    "mkdir swapped; echo 1 > swapped/file",
    "mkdir next; echo 2 > next/file; rm -r swapped; mv next swapped; echo 2 > first",
  ];
  const child = await shell(
    `echo ready; ${steps.map((step) => `read x; ${step}; echo ready;`).join(" ")} read x; cd /; echo out; read x`,
    volume.target,
  );
  const users = usersOf(child);
  const expected = [
    { first: "1\n", "old/file": "old", "replaced/kept": "new\n", "temporary/file": "t\n" },
    { first: "1\n", "new/file": "old", "replaced/kept": "new\n", "replaced/after": "after\n" },
    { "swapped/file": "1\n" },
    {
      first: "2\n",
      "new/file": "old",
      "replaced/kept": "new\n",
      "replaced/after": "after\n",
      "swapped/file": "2\n",
    },
  ];
  const topLevel = [
    "first link old replaced temporary",
    "first link new replaced",
    "first link new replaced swapped",
  ];
  const check = async (step: number) => {
    const reader = await mount();
    for (const [path, text] of Object.entries(expected[step] ?? {})) {
      expect(await readFile(join(reader.target, path), "utf8"), `${path} after step ${step}`).toBe(text);
    }
    expect((await readdir(reader.target)).toSorted().join(" ")).toBe(topLevel[Math.min(step, 2)]);
  };
  for (let step = 0; step < steps.length; step += 1) {
    child.stdin?.write("\n");
    await once(child.stdout as NodeJS.ReadableStream, "data");
    for (let turn = 0; turn < 2; turn += 1) {
      await volume.commit("background", users, { signal });
      await check(step);
    }
  }
  child.stdin?.write("\n");
  await once(child.stdout as NodeJS.ReadableStream, "data");
  await rm(join(volume.target, "link"));
  await rm(join(volume.target, "replaced/kept"));
  await volume.commit("requested", users, { signal });
  const reader = await mount();
  const expectedTree = ["first", "new", "new/file", "replaced", "replaced/after", "swapped", "swapped/file"];
  expect((await readdir(reader.target, { recursive: true })).toSorted()).toEqual(expectedTree);
  expect((await readdir(volume.target, { recursive: true })).toSorted()).toEqual(expectedTree);
  expect(await readFile(join(reader.target, "swapped/file"), "utf8")).toBe("2\n");
});

test("a mount of a directory shows and commits that directory alone [K7]", async () => {
  const { mount } = await machine();
  const whole = await mount();
  await mkdir(join(whole.target, "users/ada"), { recursive: true, mode: 0o750 });
  await writeFile(join(whole.target, "users/ada/old"), "old");
  await writeFile(join(whole.target, "users/secret"), "hidden");
  await whole.commit("requested", undefined, { signal });

  const ada = await mount({ subPath: "/users/ada/" });
  const bob = await mount({ subPath: "users/bob/new" });
  expect(await readdir(ada.target)).toEqual(["old"]);
  expect(await readdir(bob.target)).toEqual([]);
  await rm(join(ada.target, "old"));
  await mkdir(join(ada.target, "d"));
  await writeFile(join(ada.target, "d/f"), "1");
  await writeFile(join(bob.target, "b"), "2");
  await ada.commit("requested", undefined, { signal });
  await bob.commit("requested", undefined, { signal });
  await writeFile(join(ada.target, "d/f"), "3");
  await ada.commit("requested", undefined, { signal });
  await whole.reload(undefined, { signal });
  expect((await readdir(join(whole.target, "users"), { recursive: true })).toSorted()).toEqual(
    ["ada", "ada/d", "ada/d/f", "bob", "bob/new", "bob/new/b", "secret"].toSorted(),
  );
  expect(await readFile(join(whole.target, "users/ada/d/f"), "utf8")).toBe("3");
  expect((await stat(join(whole.target, "users/ada"))).mode & 0o777).toBe(0o750);
  await writeFile(join(whole.target, "users/ada/from-whole"), "4");
  await whole.commit("requested", undefined, { signal });
  await ada.reload(undefined, { signal });
  expect((await readdir(ada.target)).toSorted()).toEqual(["d", "from-whole"]);
  await expect(mount({ subPath: "users/secret" })).rejects.toMatchObject({ code: "VOLUME_SUB_PATH_INVALID" });
});

test("a process that stands in a mounted directory has its files committed to it [K7]", async () => {
  const { mount } = await machine();
  const volume = await mount({ subPath: "a/b" });
  const users = usersOf(await shell("echo 1 > f; echo ready; read end", volume.target));
  await volume.commit("requested", users, { signal });
  await rm(join(volume.target, "f"));
  await writeFile(join(volume.target, "g"), "2");
  await volume.commit("background", users, { signal });
  const whole = await mount();
  expect(await readdir(join(whole.target, "a/b"))).toEqual(["g"]);
});

test("a read-only mount cannot be written to, before or after a reload, and shows new versions [K7]", async () => {
  const { mount } = await machine();
  const reader = await mount({ readOnly: true });
  const writer = await mount();
  await expect(writeFile(join(reader.target, "f"), "1")).rejects.toMatchObject({ code: "EROFS" });
  await writeFile(join(writer.target, "f"), "1");
  await writer.commit("requested", undefined, { signal });
  await reader.reload(undefined, { signal });
  expect(await readFile(join(reader.target, "f"), "utf8")).toBe("1");
  await expect(writeFile(join(reader.target, "f"), "2")).rejects.toMatchObject({ code: "EROFS" });
  expect(reader.mayHaveChanges).toBe(false);
});

test.each([
  ["a file read", "exec 3< $0/f; echo ready; sleep 60"],
  ["a file written", "exec 3> $0/g; echo ready; sleep 60"],
  ["a child's file", "(exec 3< $0/f; echo ready; sleep 60) & wait"],
  ["its working directory", "cd $0; echo ready; sleep 60"],
  ["a child's working directory", "(cd $0; echo ready; sleep 60) & wait"],
])("where open files refuse a reload, %s does, for as long as it is open [N3]", async (_, script) => {
  const { mount } = await machine();
  const volume = await mount({ openFiles: "refused" });
  await writeFile(join(volume.target, "f"), "1");
  await volume.commit("requested", undefined, { signal });
  const child = spawn("/bin/sh", ["-c", script, volume.target], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  onTestFinished(() => void child.kill());
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  const users = usersOfGroup(child.pid ?? 0);
  await expect(volume.reload(users, { signal })).rejects.toMatchObject({
    code: "VOLUME_FILES_OPEN",
    status: "FAILED_PRECONDITION",
    message: "there are open files preventing the operation",
    remedy: "",
  });
  // A commit is not refused.
  await writeFile(join(volume.target, "h"), "1");
  await volume.commit("requested", users, { signal });
  process.kill(-(child.pid ?? 0), "SIGKILL");
  await ended;
  await eventually(
    () => users.pids(),
    (pids) => pids.length === 0,
  );
  await volume.reload(usersOf(await shell("echo ready; read end")), { signal });
  expect(await readFile(join(volume.target, "h"), "utf8")).toBe("1");
});

test("an empty volume belongs to whom the directory belongs that it covers; one that holds something stays as it is [A13]", async () => {
  for (const userNamespace of [false, true]) {
    const { mount, userNamespace: ids } = await machine({ userNamespace });
    const first = ids?.ids.first ?? 0;
    const write = (path: string) => asFileOwner(first, () => writeFileSync(path, "x"));
    const ownerOf = async (path: string) => {
      const { uid, gid, mode } = await stat(path);
      return [uid - first, gid - first, (mode & 0o7777).toString(8)];
    };
    const covered = { uid: 1234, gid: 1235, mode: 0o2750 };
    const [one, other] = [await mount({ covered }), await mount({ covered })];
    expect(await ownerOf(one.target)).toEqual([1234, 1235, "2750"]);
    write(join(one.target, "a"));
    expect(await ownerOf(other.target)).toEqual([1234, 1235, "2750"]);
    await one.commit("requested", undefined, { signal });
    // What is mounted after the commit is a new overlay.
    expect(await ownerOf(one.target)).toEqual([1234, 1235, "2750"]);
    const another = { uid: 5, gid: 6, mode: 0o700 };
    expect(await ownerOf((await mount({ covered: another })).target)).toEqual([1234, 1235, "2750"]);
    write(join(other.target, "b"));
    await other.reload(undefined, { signal });
    expect(await readdir(other.target)).toEqual(["a", "b"]);
    expect(await ownerOf(other.target)).toEqual([1234, 1235, "2750"]);
    const below = await mount({ subPath: "new/place", covered: another });
    expect(await ownerOf(below.target)).toEqual([5, 6, "700"]);
    write(join(below.target, "c"));
    await below.commit("requested", undefined, { signal });
    expect(await ownerOf(join((await mount()).target, "new/place"))).toEqual([5, 6, "700"]);
    expect(await ownerOf((await mount()).target)).toEqual([1234, 1235, "2750"]);
  }
});

test("the owner and mode that a volume's root is given are committed with what is written", async () => {
  const { mount } = await machine();
  const volume = await mount();
  await writeFile(join(volume.target, "a"), "a");
  await volume.commit("requested", undefined, { signal });
  await chown(volume.target, 7, 8);
  await chmod(volume.target, 0o711);
  await writeFile(join(volume.target, "b"), "b");
  await volume.commit("requested", undefined, { signal });
  for (const { target } of [volume, await mount()]) {
    const { uid, gid, mode } = await stat(target);
    expect([uid, gid, mode & 0o7777]).toEqual([7, 8, 0o711]);
  }
});

test("files and directories of any name are committed, with a process in the volume and while they are written, too [A14]", async () => {
  const { mount } = await machine();
  const volume = await mount();
  const odd = (name: string) => Buffer.from(`${volume.target}/${name}`, "latin1");
  // Node's own listing of directories in each other takes names for texts.
  const bytesIn = async (target: string) =>
    execFileSync("find", [target, "-mindepth", "1", "-printf", "%P\\n"], { encoding: "latin1" })
      .trim()
      .split("\n")
      .toSorted();
  await writeFile(join(volume.target, "before"), "ok");
  await writeFile(odd("caf\xe9"), "b");
  await mkdir(odd("dir\xff"));
  await writeFile(odd("dir\xff/in"), "c");
  await volume.commit("requested", undefined, { signal });
  const first = ["before", "caf\xe9", "dir\xff", "dir\xff/in"];
  expect(await bytesIn((await mount()).target)).toEqual(first);

  // Something stands in it: what was written is copied.
  const inside = await ShellSession.open(volume.target);
  await inside.run("printf x > $(printf 'n\\377w'); exec 3>> $(printf 'log\\351'); echo one >&3");
  await volume.commit("requested", inside.users, { signal });
  expect(await bytesIn((await mount()).target)).toEqual([...first, "log\xe9", "n\xffw"]);
  await inside.run("rm $(printf 'n\\377w'); mv $(printf 'dir\\377') $(printf 'mov\\376'); echo two >&3");
  await volume.commit("background", inside.users, { signal });
  await inside.run("exec 3>&-; cd /");
  await volume.commit("requested", inside.users, { signal });
  const { target } = await mount();
  expect(await bytesIn(target)).toEqual(["before", "caf\xe9", "log\xe9", "mov\xfe", "mov\xfe/in"]);
  expect(await readFile(Buffer.from(`${target}/log\xe9`, "latin1"), "utf8")).toBe("one\ntwo\n");
});
