import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Function as RemoteFunction } from "dorian";
import { containersOf } from "@dorian/testkit/containers";
import { eventually } from "@dorian/testkit/eventually";
import { instanceOf } from "@dorian/testkit/leftovers";
import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { ObjectStore } from "@dorian/testkit/object-store";
import { deployApp } from "@dorian/testkit/deployed-app";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

const { newest, early2024 } = modalVersions;

const app = (store: ObjectStore) => `
import { execFile } from "node:child_process";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { App, CloudBucketMount, Image, Secret } from "dorian";

const run = promisify(execFile);
const endpointUrl = ${JSON.stringify(store.endpointUrl)};
const secret = Secret.fromName("bucket-keys", { requiredKeys: ["AWS_ACCESS_KEY_ID"] });
const data = new CloudBucketMount("pets", { endpointUrl, secret, keyPrefix: "data/" });
const fixed = new CloudBucketMount("pets", { endpointUrl, secret, readOnly: true });
const open = new CloudBucketMount("open", { endpointUrl, readOnly: true });
export const app = new App("buckets", { image: Image.debianSlim() });

export const works = app.function({ name: "works", scaledownWindow: 2, volumes: { "/data": data } }, async () => {
  await run("mkdir", ["-p", "/data/new"]);
  await writeFile("/data/new/dog.txt", "woof");
  await run("sh", ["-c", "echo more >>/data/new/dog.txt"]);
  await rename("/data/old.txt", "/data/kept.txt");
  await rm("/data/gone.txt");
  return [await readFile("/data/cat.txt", "utf8"), (await readdir("/data")).toSorted()];
});

export const reads = app.function({ name: "reads", scaledownWindow: 2, blockNetwork: true, volumes: { "/fixed": fixed, "/open": open } }, async () => [
  await readFile("/fixed/data/cat.txt", "utf8"),
  await readFile("/open/ready", "utf8"),
  await writeFile("/fixed/x", "").catch((error) => error.code),
]);

/** All that a curious program can look into. */
export const searches = app.function({ name: "searches", scaledownWindow: 2, volumes: { "/data": data } }, async (...keys: string[]) => {
  const everything = "cat /proc/*/environ /proc/*/cmdline /proc/*/maps /proc/mounts; env; cat /run/dorian/* /etc/passwd; ls -la /dev /run/dorian";
  const { stdout } = await run("sh", ["-c", everything + "; true"], { maxBuffer: 1e8 });
  return [stdout.includes("/data"), keys.filter((key) => stdout.includes(key)), stdout.includes("s3fs")];
});

export const waits = app.function({ name: "waits", volumes: { "/data": data }, timeout: 5 }, async (name: string) => {
  await run("cat", ["/data/" + name]);
});

/** Keeps what it writes open, so that it is not uploaded yet. */
export const fills = app.function({ name: "fills", ephemeralDisk: 64, volumes: { "/data": data } }, async () => {
  await run("sh", ["-c", "exec 3>/data/large; head -c 200M /dev/zero >&3; sleep 600"]);
});

export const absent = app.function(
  { name: "absent", scaledownWindow: 2, volumes: { "/b": new CloudBucketMount("no-such-bucket", { endpointUrl, secret }) } },
  async () => 1,
);

export const stays = app.function({ name: "stays", volumes: { "/data": data } }, async function* () {
  yield await readFile("/data/cat.txt", "utf8");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
`;

let store: ObjectStore;
let server: RunningServer<SplitDorian>;

beforeAll(async () => {
  store = await ObjectStore.start();
  for (const name of ["cat", "old", "gone", "late"]) await store.put("pets", `data/${name}.txt`, name);
  server = await runningServer({
    clients: [newest, early2024],
    start: (dataDirectory) => SplitDorian.start({ dataDirectory }),
  });
  const { accessKeyId, secretAccessKey } = store.keys;
  const keys = [`AWS_ACCESS_KEY_ID=${accessKeyId}`, `AWS_SECRET_ACCESS_KEY=${secretAccessKey}`];
  const made = await dorian(server.dataDirectory, ["secret", "create", "bucket-keys", ...keys]);
  expect(made.code, made.stderr).toBe(0);
  await deployApp(server.dataDirectory, app(store));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

const call = <T>(name: string, ...args: string[]) =>
  RemoteFunction.fromName<(...args: string[]) => Promise<T>>("buckets", name).remote(...args);

test("a container reads and writes the objects of a bucket below a prefix, and others find them at once", async () => {
  const [cat, names] = await call<[string, string[]]>("works");
  expect(cat).toBe("cat");
  expect(names).toEqual(expect.arrayContaining(["cat.txt", "kept.txt", "new"]));
  expect(await store.get("pets", "data/new/dog.txt")).toBe("woofmore\n");
  expect(await store.get("pets", "data/kept.txt")).toBe("old");
  expect(await store.get("pets", "data/gone.txt")).toBeUndefined();
});

test("a read-only bucket cannot be written, one that everybody may read needs no secret, and neither needs the container's network", async () => {
  expect(await call<string[]>("reads")).toEqual(["cat", "yes", "EROFS"]);
});

test("a container finds neither a bucket's keys nor the process that has them", async () => {
  const { accessKeyId, secretAccessKey } = store.keys;
  expect(await call("searches", accessKeyId, secretAccessKey)).toEqual([true, [], false]);
});

test("a bucket that is not there fails the call, with the reason", async () => {
  await expect(call("absent")).rejects.toThrow(
    /bucket "no-such-bucket" of http:.* could not be mounted at \/b: it is not there/,
  );
});

test("a container that fills the disk with what it writes to a bucket is ended with the reason [B16]", async () => {
  await expect(call("fills")).rejects.toThrow(/with a limit of 64 MiB/);
});

test("a bucket that stops answering holds up neither the end of a call nor that of its container", async () => {
  await call("waits", "cat.txt");
  store.hang();
  onTestFinished(() => store.goOn());
  await expect(call("waits", "late.txt")).rejects.toThrow(/timed out|timeout|5 s/i);
  await eventually(
    () => containersOf(server.dataDirectory),
    (containers) => containers.length === 0,
  );
  store.goOn();
  await call("waits", "late.txt");
});

test("of a worker that is killed with its containers no mount is left, nor who served it", async () => {
  const stays = RemoteFunction.fromName<() => AsyncGenerator<string>>("buckets", "stays");
  for await (const content of stays.remote()) {
    expect(content).toBe("cat");
    break;
  }
  const { processes, dataDirectory } = server;
  expect((await served(dataDirectory)).mounts).not.toEqual([]);
  await processes.worker.kill();
  await processes.startWorker();
  expect(await served(dataDirectory)).toEqual({ mounts: [], groups: [] });
});

/** What there is on the machine of the buckets that a worker's containers have mounted. */
async function served(dataDirectory: string): Promise<{ mounts: string[]; groups: string[] }> {
  const instance = await instanceOf(dataDirectory);
  const table = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const hierarchy = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].find((path) => existsSync(path)) ?? "";
  const groups = await readdir(join(hierarchy, `dorian-${instance}`)).catch(() => []);
  return {
    mounts: table.filter((line) => line.includes(`/${instance}/`) && line.includes(" - fuse ")),
    groups: groups.filter((name) => name.startsWith("bucket-")),
  };
}

const python = (endpoint: string) => `
import os, modal
app = modal.App("py-buckets")
keys = modal.Secret.from_name("bucket-keys")
mounts = {
    "/data": modal.CloudBucketMount("pets", bucket_endpoint_url="${endpoint}", secret=keys, key_prefix="data/"),
    "/fixed": modal.CloudBucketMount("open", bucket_endpoint_url="${endpoint}", read_only=True),
}
@app.function(image=modal.Image.debian_slim("3.11"), volumes=mounts)
def f(name):
    with open("/data/" + name, "w") as file:
        file.write("from python")
    try:
        open("/fixed/x", "w")
    except OSError as error:
        refused = error.strerror
    return open("/data/cat.txt").read(), open("/fixed/ready").read(), refused, "AWS_ACCESS_KEY_ID" in os.environ
@app.local_entrypoint()
def main(name: str):
    print("got", f.remote(name))
`;

test.each<ModalVersion>([newest, early2024])("Python's client %s mounts buckets", async (version) => {
  await using project = await temporaryDirectory({ "buckets.py": python(store.endpointUrl) });
  const client = await ModalClient.open(version, server.dataDirectory);
  const { code, stdout, stderr } = await client.modal(["run", "buckets.py", "--name", version], {
    cwd: project.path,
  });
  expect(code, stderr + stdout).toBe(0);
  expect(stdout + stderr).toContain("got ('cat', 'yes', 'Read-only file system', False)");
  expect(await store.get("pets", `data/${version}`)).toBe("from python");
});
