import { execFile } from "node:child_process";
import { mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { mountTable, type MountEntry } from "@dorian/linux/mount-table";
import { TaskBucketSchema, type TaskBucket } from "@dorian/protocol/worker";
import { ObjectStore } from "@dorian/testkit/object-store";
import { OddStore } from "@dorian/testkit/odd-store";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { collector, testRuntime } from "../../test/test-container.ts";
import { readCgroupLayout } from "../cgroup/cgroup-layout.ts";
import { childGroups, killAll, processesOf } from "../cgroup/cgroup.ts";
import { unlinkedUsageOf } from "../disk/disk-usage.ts";
import { NetworkPool } from "../network/network-pool.ts";
import { TaskBuckets } from "./task-buckets.ts";

const run = promisify(execFile);
const timeout = 120_000;
const mebibyte = 2 ** 20;
const user = 100_000;
const never = new AbortController().signal;

const opened = new AsyncDisposableStack();
let store: ObjectStore;
let host: Awaited<ReturnType<typeof testRuntime>>;
let network: NetworkPool;
let group: string;

beforeAll(async () => {
  store = opened.use(await ObjectStore.start());
  host = opened.use(await testRuntime());
  network = opened.use(await NetworkPool.open({ ...host, size: 1 }));
  group = `/dorian-${host.instance}`;
}, timeout);

afterAll(() => opened.disposeAsync(), timeout);

function bucketAt(mountPath: string, more: MessageInitShape<typeof TaskBucketSchema> = {}): TaskBucket {
  const usual = {
    mountPath,
    bucket: "open",
    endpointUrl: store.endpointUrl,
    pathStyle: true,
    metadataTtlSecs: 1,
    credentials: { ...store.keys },
  };
  return Object.assign(create(TaskBucketSchema, usual), more);
}

async function mounted(bucket: TaskBucket, signal = never) {
  await using made = new AsyncDisposableStack();
  const { path: directory } = made.use(await temporaryDirectory());
  const scratch = join(directory, "scratch");
  await mkdir(scratch);
  const layout = await readCgroupLayout();
  const task = made.use(
    await TaskBuckets.mount({
      taskId: "ta-1",
      buckets: [bucket],
      network,
      env: {},
      certificates: undefined,
      layout,
      group,
      lastUploadsMs: 200,
      user,
      directory,
      scratch,
      signal,
    }),
  );
  const [mount] = task.mounts;
  const all = made.move();
  return {
    task,
    path: mount?.source ?? "",
    filer: () => processesOf(layout, `${group}/bucket-ta-1-0`),
    kill: () => killAll(layout, `${group}/bucket-ta-1-0`),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

test("a bucket's objects are files, and files become objects when they are closed", { timeout }, async () => {
  await store.put("pets", "data/cat.txt", "meow");
  await using bucket = await mounted(bucketAt("/pets", { bucket: "pets", keyPrefix: "data/" }));
  const script = `cat ${bucket.path}/cat.txt && echo woof >${bucket.path}/dog.txt && echo more >>${bucket.path}/dog.txt`;
  expect((await run("sh", ["-c", script])).stdout).toBe("meow");
  expect(await store.get("pets", "data/dog.txt")).toBe("woof\nmore\n");
});

test("who serves a bucket has no rights, and sees programs and certificates alone", { timeout }, async () => {
  await using bucket = await mounted(bucketAt("/b"));
  const statuses = await Promise.all(
    (await bucket.filer()).map(async (pid) => ({
      pid,
      status: await readFile(`/proc/${pid}/status`, "utf8"),
    })),
  );
  const filer = statuses.find(({ status }) => status.includes("Name:\ts3fs"));
  expect(filer?.status).toMatch(new RegExp(`^Uid:\t${user}\t${user}\t${user}\t${user}$`, "m"));
  expect(filer?.status).toMatch(/^CapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+$/m);
  expect(filer?.status).toMatch(/^NoNewPrivs:\t1$/m);
  const root = `/proc/${filer?.pid ?? ""}/root`;
  const processes = (await readdir(join(root, "proc"))).filter((name) => /^\d+$/.test(name));
  // Itself, and the helper that it has not buried.
  expect(processes.length).toBeLessThan(3);
  expect(await readdir(join(root, "etc"))).not.toContain("shadow");
  for (const hidden of ["var", "home", "root", "work"]) expect(await readdir(root)).not.toContain(hidden);
  const seen = await mountTable(filer?.pid);
  expect(seen.filter(({ type }) => type === "overlay")).toEqual([]);
  expect(await readFile(`/proc/${filer?.pid ?? ""}/cmdline`, "utf8")).not.toContain(
    store.keys.secretAccessKey,
  );
});

test(
  "when memory is short, who serves a bucket ends with containers and not with the worker [B16]",
  { timeout },
  async () => {
    await using bucket = await mounted(bucketAt("/b"));
    await using container = await host.runtime.run(host.spec("sleep 1000"), { onOutput: () => undefined });
    const scoreOf = (pid: number) => readFile(`/proc/${pid}/oom_score_adj`, "utf8");
    const expected = await scoreOf(container.pid);
    expect(Number(expected)).toBeGreaterThan(0);
    const scores = await Promise.all((await bucket.filer()).map(scoreOf));
    expect(new Set(scores)).toEqual(new Set([expected]));
    await container.kill();
  },
);

test.each([
  [
    "keys that are wrong",
    { credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "x" } },
    /refuses these credentials/,
  ],
  [
    "no keys where some are wanted",
    { bucket: "pets", credentials: undefined },
    /could not be mounted at \/b/,
  ],
  ["a bucket that is not there", { bucket: "absent" }, /it is not there/],
  ["an address where nobody listens", { port: 1 }, /nothing answers there/],
] as const)(
  "%s: the mount fails with the reason, and leaves nothing",
  { timeout },
  async (_, wrong, reason) => {
    await store.put("pets", "ready", "yes");
    const { port, ...more } = { port: undefined, ...wrong };
    const endpointUrl =
      port === undefined ? store.endpointUrl : store.endpointUrl.replace(/\d+$/, String(port));
    const bucket = bucketAt("/b", { endpointUrl, ...more });
    await expect(mounted(bucket)).rejects.toThrow(reason);
    // What other workers of the machine have mounted lies below their runtime directories.
    const isOurs = ({ type, target }: MountEntry) => type === "fuse" && !target.startsWith("/run/dorian/");
    expect((await mountTable()).filter(isOurs)).toEqual([]);
    expect(await childGroups(await readCgroupLayout(), group)).toEqual([]);
  },
);

test("a start that is given up does not wait for a bucket that says nothing", { timeout }, async () => {
  await using odd = await OddStore.start("silent");
  const stop = new AbortController();
  const mounting = mounted(bucketAt("/b", { endpointUrl: odd.endpointUrl }), stop.signal);
  await odd.asked;
  stop.abort(new Error("given up"));
  await expect(mounting).rejects.toThrow("given up");
});

test(
  "what is written to a bucket counts as its container's until it is uploaded [B16]",
  { timeout },
  async () => {
    await using bucket = await mounted(bucketAt("/b"));
    {
      await using file = await open(join(bucket.path, "large"), "w");
      await file.write(Buffer.alloc(24 * mebibyte, 1));
      const { bytes, files } = await unlinkedUsageOf([process.pid, ...(await bucket.task.pids())]);
      expect(bytes).toBeGreaterThanOrEqual(24 * mebibyte);
      expect(files).toBeGreaterThan(0);
    }
    await expect.poll(async () => (await unlinkedUsageOf(await bucket.task.pids())).bytes).toBe(0);
  },
);

test("a container ends though it waits for a bucket that stopped answering", { timeout }, async () => {
  await using bucket = await mounted(bucketAt("/b", { readOnly: true }));
  await using signals = await temporaryDirectory();
  await store.put("open", "later", "late");
  const script = "ls /b; while ! [ -e /signals/go ]; do sleep 0.1; done; cat /b/later & sleep 1000";
  const spec = host.spec(script, {
    mounts: [
      { source: bucket.path, target: "/b", readOnly: true },
      { source: signals.path, target: "/signals", readOnly: true },
    ],
  });
  const { text, onOutput } = collector();
  await using container = await bucket.task.during(() => host.runtime.run(spec, { onOutput }), never);
  using _ = bucket.task.watch(container, () => undefined);
  await expect.poll(() => text.stdout).toContain("later");
  store.hang();
  onTestFinished(() => store.goOn());
  await writeFile(join(signals.path, "go"), "");
  await expect.poll(async () => await waitingIn(await container.pids())).toContain("request_wait_answer");
  await container.kill();
});

test("where what served a bucket has died, its container is told to end, and why", { timeout }, async () => {
  await using bucket = await mounted(bucketAt("/b"));
  const lost = Promise.withResolvers<Error>();
  using _ = bucket.task.watch({ pid: process.pid }, lost.resolve);
  await bucket.kill();
  expect((await lost.promise).message).toMatch(/^The mount of bucket "open" of http:.* at \/b broke off/);
  await expect(run("ls", [bucket.path])).rejects.toThrow(/not connected/);
});

test("names in a bucket that lead elsewhere, or are no names, lead nowhere", { timeout }, async () => {
  await using odd = await OddStore.start("hostile");
  await using bucket = await mounted(bucketAt("/b", { endpointUrl: odd.endpointUrl, readOnly: true }));
  const listed = await run("ls", ["-a", bucket.path]).then(
    ({ stdout }) => stdout.split("\n").filter((name) => name !== ""),
    (error: { stdout: string }) => error.stdout.split("\n").filter((name) => name !== ""),
  );
  for (const name of listed) expect(name).not.toContain("/");
  await expect(run("cat", [join(bucket.path, "..", "secret-of-host")])).rejects.toThrow(/No such file/);
  expect(listed.filter((name) => name === "..").length).toBeLessThan(3);
});

/** Where in the kernel processes wait. */
async function waitingIn(pids: readonly number[]): Promise<string[]> {
  return await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/wchan`, "utf8").catch(() => "")));
}
