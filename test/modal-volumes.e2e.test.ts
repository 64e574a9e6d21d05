import { randomBytes } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Volume } from "dorian";
import { eventually } from "@dorian/testkit/eventually";
import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const mebibyte = 1024 * 1024;
const timeout = 300_000;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ clients: Object.values(modalVersions) });
});

afterAll(() => server[Symbol.asyncDispose]());

async function succeed(client: ModalClient, args: string[], cwd = server.dataDirectory): Promise<string> {
  const { code, stdout, stderr } = await client.modal(args, { cwd });
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

/** Runs a program in Python, which fails by its own assertions. */
async function python(client: ModalClient, program: string, options: { env?: Record<string, string> } = {}) {
  await using project = await temporaryDirectory({ "program.py": program });
  const { code, stdout, stderr } = await client.python(["program.py"], { cwd: project.path, ...options });
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

test.each([modalVersions.newest, modalVersions.late2024])(
  "modal volume of %s puts, lists, gets, copies, renames and removes [J1, J4, J6, O5]",
  { timeout },
  async (version) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    const name = `cli-${version}`;
    const large = randomBytes(40 * mebibyte);
    const small = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`many/d${i % 7}/f${i}.txt`, `${i}\n`.repeat(i)]),
    );
    await using local = await temporaryDirectory({ "large.bin": large, ...small });
    const volume = (...args: string[]) => succeed(client, ["volume", ...args], local.path);
    const refused = async (...args: string[]) => {
      const { code, stdout, stderr } = await client.modal(["volume", ...args], { cwd: local.path });
      expect(code).not.toBe(0);
      return stdout + stderr;
    };

    await volume("create", name);
    expect(await refused("create", name)).toContain(`There is a volume named "${name}" already.`);
    await volume("put", name, "many", "/many");
    await volume("put", name, "large.bin", "/weights/");
    expect(await refused("put", name, "large.bin", "/weights/")).toContain("already");
    await volume("put", "--force", name, "large.bin", "/weights/");
    expect((await volume("ls", name)).split("\n").filter(Boolean).toSorted()).toEqual(["many", "weights"]);
    expect(await volume("ls", name, "weights/large.bin")).toContain("weights/large.bin");

    await using got = await temporaryDirectory();
    await volume("get", name, "many", got.path);
    await volume("get", name, "weights/large.bin", join(got.path, "large.bin"));
    expect((await readFile(join(got.path, "large.bin"))).equals(large)).toBe(true);
    const files = await readdir(join(got.path, "many"), { recursive: true, withFileTypes: true });
    expect(files.filter((file) => file.isFile())).toHaveLength(300);
    expect(await readFile(join(got.path, "many/d6/f6.txt"), "utf8")).toBe("6\n".repeat(6));
    expect(await volume("get", name, "many/d2/f2.txt", "-")).toContain("2\n2\n");
    expect(await refused("get", name, "nothing", got.path)).toContain('There is no "nothing"');

    expect(await refused("cp", name, "many/d2/f2.txt", "many/d3/f3.txt", "copies")).toContain("no directory");
    await volume("cp", name, "many/d2/f2.txt", "copies/f2.txt");
    await volume("cp", name, "many/d2/f2.txt", "many/d3/f3.txt", "copies");
    expect((await volume("ls", name, "copies")).split("\n").filter(Boolean).toSorted()).toEqual([
      "copies/f2.txt",
      "copies/f3.txt",
    ]);
    expect(await refused("rm", name, "many")).toContain("is a directory");
    await volume("rm", "--recursive", name, "many");
    expect(await refused("ls", name, "many")).toContain('There is no "many"');
    expect(await volume("list", "--json")).toContain(name);
    let last = name;
    if (version !== modalVersions.late2024) {
      await volume("rename", "--yes", name, `${name}-renamed`);
      last = `${name}-renamed`;
    }
    await volume("delete", "--yes", last);
    expect(await volume("list", "--json")).not.toContain(name);
  },
);

/** What the Python API promises of files; `KIND` is the version of the volume that is asked for, or empty. */
const filesProgram = `
import io, os, modal
kind = os.environ["KIND"]
kwargs = {"version": int(kind)} if kind else {}
name = f"api-{modal.__version__}-{kind}"
is_new = hasattr(modal.Volume, "hydrate")
volume = modal.Volume.from_name(name, create_if_missing=True, **kwargs)
if is_new: volume.hydrate()
else: volume = modal.Volume.lookup(name, create_if_missing=True, **kwargs)
open("local.txt", "w").write("local")
os.makedirs("tree/deep"); open("tree/deep/leaf", "w").write("leaf"); open("tree/top", "w").write("top")
zeros = b"\\0" * (9 << 20) + b"middle" + b"\\0" * (8 << 20)
with volume.batch_upload() as batch:
    batch.put_file("local.txt", "/code/local.txt")
    batch.put_file(io.BytesIO(b""), "empty")
    batch.put_file(io.BytesIO(zeros), "zeros")
    batch.put_directory("tree", "/tree")
assert sorted(entry.path for entry in volume.listdir("/")) == ["code", "empty", "tree", "zeros"]
assert sorted(entry.path for entry in volume.iterdir("/tree")) == ["tree/deep", "tree/deep/leaf", "tree/top"]
[entry] = volume.listdir("tree/top")
assert (entry.path, entry.type, entry.size) == ("tree/top", 1, 3), entry
contents = {"zeros": zeros, "empty": b"", "/code/local.txt": b"local"}
for path, content in contents.items():
    assert b"".join(volume.read_file(path)) == content, path
    into = io.BytesIO()
    volume.read_file_into_fileobj(path, into)
    assert into.getvalue() == content, path
def fails(error, call):
    try: call()
    except error as failure: return str(failure)
    raise AssertionError(f"{error} expected")
def put_again():
    with volume.batch_upload() as batch: batch.put_file("local.txt", "/code/local.txt")
assert "code/local.txt" in fails(FileExistsError, put_again)
fails(FileNotFoundError, lambda: list(volume.read_file("nothing")))
with volume.batch_upload(force=True) as batch: batch.put_file(io.BytesIO(b"other"), "/code/local.txt")
assert "no directory" in fails(Exception, lambda: volume.copy_files(["code/local.txt", "tree/top"], "copies"))
volume.copy_files(["code/local.txt"], "copies/local.txt")
volume.copy_files(["code/local.txt", "tree/top"], "copies")
assert sorted(entry.path for entry in volume.listdir("copies")) == ["copies/local.txt", "copies/top"]
volume.remove_file("empty")
volume.remove_file("tree", recursive=True)
assert b"".join(volume.read_file("copies/local.txt")) == b"other"
for call in (volume.commit, volume.reload): fails(RuntimeError, call)
with modal.Volume.ephemeral() as ephemeral:
    with ephemeral.batch_upload() as batch: batch.put_file(io.BytesIO(b"x"), "x")
    assert b"".join(ephemeral.read_file("x")) == b"x"
if hasattr(modal.Volume, "objects"):
    assert volume.name in [each.name for each in modal.Volume.objects.list()]
    fails(modal.exception.AlreadyExistsError, lambda: modal.Volume.objects.create(name))
    assert volume.info().name == name
    assert len(modal.Volume.from_id(volume.object_id).listdir("copies")) == 2
    if kind: fails(modal.exception.InvalidError, lambda: modal.Volume.from_name(name, version=3 - int(kind)).hydrate())
    modal.Volume.objects.delete(name)
else:
    modal.Volume.delete(name)
    fails(modal.exception.NotFoundError, lambda: modal.Volume.lookup(name))
print("done")
`;

test.each<[ModalVersion, string]>([
  [modalVersions.newest, ""],
  [modalVersions.newest, "1"],
  [modalVersions.newest, "2"],
  [modalVersions.between, "2"],
  [modalVersions.late2024, ""],
  [modalVersions.early2024, ""],
])(
  "files of a volume through the Python API of %s, version %j [J2, J7, L2, N8, O5]",
  { timeout },
  async (version, kind) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    expect(await python(client, filesProgram, { env: { KIND: kind } })).toContain("done");
  },
);

/** The example of the Volume guide, and what goes wrong around it. */
const guideProgram = `
import os
import modal

app = modal.App("volume-guide")
volume = modal.Volume.from_name("my-volume", create_if_missing=True)
image = modal.Image.debian_slim("3.11")

@app.function(image=image, volumes={"/vol/data": volume})
def f():
    with open("/vol/data/bar.txt", "w") as file: file.write("hello")
    volume.commit()
    return sorted(os.listdir("/vol/data"))

def message(call):
    try: call()
    except RuntimeError as error: return str(error)
    return "none"

@app.function(image=image, volumes={"/root/foo": volume})
def g(what):
    if what == "look": return sorted(os.listdir("/root/foo"))
    if what == "write": return open("/root/foo/unasked", "w").write("kept")
    if what == "reload":
        volume.reload()
        return open("/root/foo/bar.txt").read()
    if what == "open":
        with open("/root/foo/bar.txt"): return message(volume.reload)
    if what == "working directory":
        os.chdir("/root/foo")
        try: return message(volume.reload)
        finally: os.chdir("/root")

@app.local_entrypoint()
def main():
    print("1", g.remote("look"), f.remote(), g.remote("look"), g.remote("reload"))
    print("2", g.remote("open"))
    print("3", g.remote("working directory"))
    print("4", g.remote("reload"), g.remote("write"))
`;

test.each([modalVersions.late2024, modalVersions.newest])(
  "the Volume guide's example with %s: reload shows a commit made elsewhere, and open files refuse it [L2, M1, N1, N2, N3]",
  { timeout },
  async (version) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    await using project = await temporaryDirectory({ "guide.py": guideProgram });
    const printed = await succeed(client, ["run", "guide.py"], project.path);
    expect(printed).toContain("1 [] ['bar.txt'] [] hello");
    expect(printed).toContain("2 there are open files preventing the operation: path bar.txt is open");
    expect(printed).toContain("3 there are open files preventing the operation: cwd is inside volume");
    expect(printed).toContain("4 hello 4");
    expect(await succeed(client, ["volume", "get", "my-volume", "unasked", "-"])).toContain("kept");
    await succeed(client, ["volume", "delete", "--yes", "my-volume"]);
  },
);

test(
  "what a container wrote is committed however it ends, in the background, and not at all where that is switched off [L9, M2, M5, M6]",
  { timeout },
  async () => {
    const client = await ModalClient.open(modalVersions.early2024, server.dataDirectory);
    await using project = await temporaryDirectory({
      "ends.py": `
import os, time
import modal

app = modal.App("ends")
image = modal.Image.debian_slim("3.11")
on = modal.Volume.from_name("commits-on", create_if_missing=True)
off = modal.Volume.from_name("commits-off", create_if_missing=True)

@app.function(image=image, retries=0, volumes={"/vol": on}, _allow_background_volume_commits=True)
def end(how):
    with open(f"/vol/{how}", "w") as file: file.write(how)
    if how == "aborts": os.abort()
    if how == "exits": os._exit(3)
    time.sleep(600)

@app.function(image=image, volumes={"/vol": off}, _allow_background_volume_commits=False)
def silent():
    open("/vol/lost", "w").write("lost")

@app.local_entrypoint()
def main():
    silent.remote()
    for how in ("exits", "aborts"):
        try: end.remote(how)
        except Exception as error: print(how, type(error).__name__)
    end.spawn("running")
    time.sleep(12)
`,
    });
    const listed = async (name: string) => {
      const files = await Volume.fromName(name, { createIfMissing: true }).files();
      const paths: string[] = [];
      for await (const entry of files.list("/")) paths.push(entry.path);
      return paths.toSorted();
    };
    await Promise.all([listed("commits-on"), listed("commits-off")]);
    const run = client.modal(["run", "ends.py"], { cwd: project.path });
    // While its writer still runs.
    await eventually(
      () => listed("commits-on"),
      (files) => files.includes("running"),
      120_000,
    );
    const { code, stdout, stderr } = await run;
    expect(code, stdout + stderr).toBe(0);
    expect(await listed("commits-on")).toEqual(["aborts", "exits", "running"]);
    expect(await listed("commits-off")).toEqual([]);
  },
);

test(
  "a volume is mounted read-only, or one directory of it, as the newest client asks [K5, K7]",
  { timeout },
  async () => {
    const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
    await using project = await temporaryDirectory({
      "options.py": `
import os
import modal

app = modal.App("mount-options")
image = modal.Image.debian_slim("3.11").run_commands("mkdir -p /shadowed/by && echo image > /shadowed/by/file")
volume = modal.Volume.from_name("mount-options", create_if_missing=True, version=2)

@app.function(image=image, volumes={"/shadowed/by": volume.with_mount_options(sub_path="/users/ada")})
def write():
    assert os.listdir("/shadowed/by") == [], os.listdir("/shadowed/by")
    open("/shadowed/by/diary", "w").write("dear diary")

@app.function(image=image, volumes={"/data": volume.with_mount_options(read_only=True)})
def read():
    try: open("/data/x", "w")
    except OSError as error: print("refused", error.strerror)
    print(open("/data/users/ada/diary").read(), os.listdir("/data"))

@app.local_entrypoint()
def main():
    with volume.batch_upload() as batch: batch.put_file(__file__, "top.py")
    write.remote()
`,
    });
    await succeed(client, ["run", "options.py"], project.path);
    const read = await succeed(client, ["run", "options.py::read"], project.path);
    expect(read).toContain("refused Read-only file system");
    expect(read).toMatch(/dear diary \[('top.py', 'users'|'users', 'top.py')\]/);
    expect(read).not.toContain("background commit failed");
  },
);
