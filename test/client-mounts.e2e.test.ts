import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

let data: TemporaryDirectory;
let server: DorianProcess;

beforeAll(async () => {
  data = await temporaryDirectory();
  server = await DorianProcess.start({ dataDirectory: data.path, command: "server" });
});

afterAll(async () => {
  await server.stop();
  expect(await leftoversOf(data.path)).toEqual([]);
  await data[Symbol.asyncDispose]();
});

interface Told {
  /** What was found of the mount, asked for twice; how long each took. */
  lookups: { mountId: string; checksum: string; ms: number }[];
  /** Digests of the installed client's files, by where a container has them. */
  installed: Record<string, string>;
}

const ask = `
import asyncio, hashlib, importlib, json, pathlib, time
from modal.client import _Client
from modal.mount import client_mount_name
from modal_proto import api_pb2

def installed():
    for package in ["modal", "modal_proto", "modal_version", "synchronicity"]:
        root = pathlib.Path(importlib.import_module(package).__path__[0])
        for path in root.rglob("*"):
            parts = path.relative_to(root).parts
            hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
            if path.is_file() and path.suffix != ".pyc" and not hidden:
                yield f"/pkg/{package}/{'/'.join(parts)}", hashlib.sha256(path.read_bytes()).hexdigest()

async def main():
    client = await _Client.from_env()
    request = api_pb2.MountGetOrCreateRequest(
        deployment_name=client_mount_name(), namespace=api_pb2.DEPLOYMENT_NAMESPACE_GLOBAL)
    lookups = []
    for _ in range(2):
        started = time.monotonic()
        answer = await client.stub.MountGetOrCreate(request)
        lookups.append({
            "mountId": answer.mount_id,
            "checksum": answer.handle_metadata.content_checksum_sha256_hex,
            "ms": (time.monotonic() - started) * 1000,
        })
    print(json.dumps({"lookups": lookups, "installed": dict(installed())}))

asyncio.run(main())
`;

test.each(Object.values(modalVersions))(
  "client %s finds itself as a mount, to the byte, in seconds at first and at once from then on",
  async (version) => {
    const client = await ModalClient.open(version, data.path);
    const { code, stdout, stderr } = await client.python(["-c", ask]);
    expect(code, stderr).toBe(0);
    const { lookups, installed } = JSON.parse(stdout) as Told;
    const [first, second] = lookups;
    expect(first?.mountId).toMatch(/^mo-[0-9A-Za-z]{22}$/);
    expect(second).toMatchObject({ mountId: first?.mountId, checksum: first?.checksum });
    expect(second?.ms).toBeLessThan(5_000);
    expect(await clientMounts()).toContainEqual(installed);
    expect(Object.keys(installed)).toContain("/pkg/modal_proto/api_pb2.py");
  },
);

test("a client's unknown name is not found, and a name of its own is kept for it", async () => {
  const client = await ModalClient.open(modalVersions.newest, data.path);
  const script = `
import asyncio, modal
from modal.client import _Client
from modal.mount import _Mount
from modal_proto import api_pb2

async def main():
    client = await _Client.from_env()
    mount = _Mount._from_local_dir(".", remote_path="/root/things")
    await mount._deploy("things", client=client)
    found = await _Mount.from_name("things", client=client).hydrate()
    print(found.object_id == mount.object_id, found.object_id)
    for again, overwrite in [(mount, True), (mount, False)]:
        try:
            await _Mount._from_local_dir(".", remote_path="/root/other")._deploy("things", client=client, allow_overwrite=overwrite)
            print("replaced", (await _Mount.from_name("things", client=client).hydrate()).object_id != found.object_id)
        except modal.exception.AlreadyExistsError as error:
            print("kept:", error)
    for name, namespace in [("nothing", 1), ("modal-client-mount-0.0.1", 3)]:
        try:
            await _Mount.from_name(name, namespace=namespace, client=client).hydrate()
        except modal.exception.NotFoundError as error:
            print("not found:", error)

asyncio.run(main())
`;
  await using directory = await temporaryDirectory({ "a.txt": "a", "empty.txt": "" });
  const { code, stdout, stderr } = await client.python(["-c", script], { cwd: directory.path });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^True mo-/);
  expect(stdout).toContain("replaced True");
  expect(stdout).toContain('kept: There is a mount named "things" already.');
  expect(stdout).toContain("not found: Mount 'nothing' not found.");
  expect(stdout).toMatch(/not found: No wheel at .* satisfies modal==0\.0\.1; there are \d/);
});

/** Finds all mounts of clients that the server has made: digests of their files. */
async function clientMounts(): Promise<Record<string, string>[]> {
  const layers = join(data.path, "layers");
  const found: Record<string, string>[] = [];
  for (const layer of await readdir(layers)) {
    const entries = await readdir(join(layers, layer), { recursive: true, withFileTypes: true });
    const files: Record<string, string> = {};
    for (const entry of entries.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      files[path.slice(join(layers, layer).length)] = createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
    }
    if (Object.keys(files).some((path) => path.startsWith("/pkg/modal/"))) found.push(files);
  }
  return found;
}
