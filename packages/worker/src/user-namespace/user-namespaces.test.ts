import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inMountNamespace } from "@dorian/linux/mount-namespace";
import { mountOverlay, unmount } from "@dorian/linux/mount";
import { mountTable } from "@dorian/linux/mount-table";
import { smallDisk } from "@dorian/testkit/small-disk";
import { expect, onTestFinished, test } from "vitest";
import { collector, testRuntime } from "../../test/test-container.ts";
import type { ContainerSpec } from "../container/container-spec.ts";
import { whyNoUserNamespaces } from "./probe-user-namespaces.ts";
import { UserNamespaces } from "./user-namespaces.ts";

/** Other tests mount elsewhere at the same time. */
async function mountsBelow(directory: string): Promise<number> {
  return (await mountTable()).filter(({ target }) => target.startsWith(directory)).length;
}

/** Containers with user ids of their own, whose root file systems are overlays in a data directory (default: a new one). */
async function shiftedContainers(place?: string) {
  await using made = new AsyncDisposableStack();
  const dataDirectory = place ?? (await mkdtemp(join(tmpdir(), "dorian-data-")));
  if (place === undefined) made.defer(() => rm(dataDirectory, { recursive: true, force: true }));
  const host = made.use(await testRuntime());
  // Root of a container must come to its file system, as in a worker's directories.
  await chmod(host.runtimeDirectory, 0o711);
  const namespaces = new UserNamespaces({ ...host, dataDirectory });
  const all = made.move();
  let count = 0;
  const directory = async (name: string) => {
    const path = join(dataDirectory, name);
    await mkdir(path, { recursive: true });
    return path;
  };
  return {
    host,
    dataDirectory,
    directory,
    async container(script: string, more: Partial<ContainerSpec> = {}) {
      count += 1;
      await using parts = new AsyncDisposableStack();
      const userNamespace = parts.use(await namespaces.create());
      const lower = await directory("lower");
      await cp(host.rootfs, lower, { recursive: true, verbatimSymlinks: true });
      const rootfs = join(host.runtimeDirectory, `root-${count}`);
      await mkdir(rootfs);
      using overlay = userNamespace.createOverlay({
        lower: [lower],
        upper: await directory(`upper-${count}`),
        work: await directory(`work-${count}`),
      });
      overlay.placeAt(rootfs);
      parts.defer(() => void unmount(rootfs));
      const output = collector();
      const spec = host.spec(script, { rootfs, userNamespace, ...more });
      const container = parts.use(await host.runtime.run(spec, output));
      const resources = parts.move();
      return {
        container,
        userNamespace,
        text: output.text,
        upper: join(dataDirectory, `upper-${count}`),
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

test("root in a container is a user of its own on the host, and the owner of what it writes on disk is root", async () => {
  await using containers = await shiftedContainers();
  await using one = await containers.container(
    "id -u; touch /made; stat -c %u /made /bin/busybox; sleep 100",
  );
  await using other = await containers.container("sleep 100");
  const ids = await Promise.all(
    [one, other].map(async ({ container }) => {
      const status = await readFile(`/proc/${container.pid}/status`, "utf8");
      return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
    }),
  );
  expect(ids).toEqual([one.userNamespace.ids.first, other.userNamespace.ids.first]);
  expect(ids[0]).not.toBe(ids[1]);
  await expect.poll(() => one.text.stdout).toBe("0\n0\n0\n");
  expect((await stat(join(one.upper, "made"))).uid).toBe(0);
});

test("a file of the host that only its root may read is out of reach, even where it was mounted by mistake", async () => {
  await using containers = await shiftedContainers();
  const secret = join(containers.dataDirectory, "secret");
  await writeFile(secret, "of the host", { mode: 0o600 });
  const script =
    "cat /secret 2>&1; chmod 644 /secret 2>&1; echo x 2>&1 > /secret; rm /proc/1/root/secret 2>&1; true";
  const mounts = [{ source: secret, target: "/secret", readOnly: false }];
  const plain = collector();
  await using container = await containers.host.runtime.run(containers.host.spec(script, { mounts }), plain);
  await container.exited;
  // Without ids of its own the same root reads it: what follows shows the difference.
  expect(plain.text.stdout).toContain("of the host");
  await writeFile(secret, "of the host", { mode: 0o600 });
  await chmod(secret, 0o600);
  await using shifted = await containers.container(script, { mounts });
  await shifted.container.exited;
  expect(shifted.text.stdout).not.toContain("of the host");
  expect(await readFile(secret, "utf8")).toBe("of the host");
  expect((await stat(secret)).mode & 0o777).toBe(0o600);
});

test("a container cannot take the blocks that the file system keeps for root: whoever serves it still writes [B16]", async () => {
  await using disk = await smallDisk({ mebibytes: 64, rootPercent: 20 });
  await using containers = await shiftedContainers(disk.path);
  await using filling = await containers.container("dd if=/dev/zero of=/filling bs=1M; echo over");
  await filling.container.exited;
  expect(filling.text).toMatchObject({ stdout: "over\n", stderr: expect.stringContaining("No space left") });
  const { bavail, bfree, bsize } = await statfs(disk.path);
  expect(bavail * bsize).toBeLessThan(2 ** 20);
  expect(bfree * bsize).toBeGreaterThan(10 * 2 ** 20);
  await writeFile(join(disk.path, "journal"), Buffer.alloc(4 * 2 ** 20));
});

test("a container that runs can be frozen, entered, and shown another file system in the place of one that it has", async () => {
  await using containers = await shiftedContainers();
  const lower = await containers.directory("volume");
  await writeFile(join(lower, "weights"), "old");
  const next = await containers.directory("next");
  await writeFile(join(next, "weights"), "new");
  const empty = await containers.directory("empty");
  await using namespaced = await containers.container("sleep 100", {
    mounts: [{ source: lower, target: "/vol", readOnly: false }],
  });
  const { container, userNamespace } = namespaced;
  {
    await using _frozen = await container.freeze();
    using overlay = userNamespace.createOverlay({ lower: [empty, next] });
    inMountNamespace(container.pid, () => overlay.replaceAt("/vol"));
  }
  const output = collector();
  const signal = new AbortController().signal;
  expect(
    await container.exec(["/bin/sh", "-c", "id -u; cat /vol/weights; stat -c ' %u' /vol/weights"], {
      ...output,
      signal,
    }),
  ).toBe(0);
  expect(output.text.stdout).toBe("0\nnew 0\n");
});

test("nothing of a user namespace is left once it was disposed of", async () => {
  await using containers = await shiftedContainers();
  const { instance, runtimeDirectory } = containers.host;
  const namespaces = new UserNamespaces({
    instance,
    runtimeDirectory,
    dataDirectory: containers.dataDirectory,
  });
  const before = await mountsBelow(runtimeDirectory);
  {
    await using _namespace = await namespaces.create();
    expect(await mountsBelow(runtimeDirectory)).toBe(before + 2);
  }
  expect(await mountsBelow(runtimeDirectory)).toBe(before);
});

test("the one that is kept ready is taken at once, another is made in its place, and the end leaves none", async () => {
  await using containers = await shiftedContainers();
  const { instance, runtimeDirectory } = containers.host;
  const before = await mountsBelow(runtimeDirectory);
  {
    await using namespaces = new UserNamespaces({
      instance,
      runtimeDirectory,
      dataDirectory: containers.dataDirectory,
    });
    namespaces.prepare();
    await expect.poll(() => mountsBelow(runtimeDirectory)).toBe(before + 2);
    await using taken = await namespaces.take();
    expect(await mountsBelow(runtimeDirectory)).toBe(before + 2);
    await expect.poll(() => mountsBelow(runtimeDirectory)).toBe(before + 4);
    expect(() => taken.requireIds({ uid: 70_000, gid: 0 })).toThrow(/70000:0/);
    taken.requireIds({ uid: 65_535, gid: 65_534 });
  }
  expect(await mountsBelow(runtimeDirectory)).toBe(before);
});

test("a probe says why a directory cannot hold the files of such containers, and leaves nothing in it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dorian-probe-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  expect(await whyNoUserNamespaces(directory)).toBeUndefined();
  const overlay = await mkdtemp(join(tmpdir(), "dorian-overlay-"));
  for (const name of ["lower", "upper", "work", "root"]) await mkdir(join(overlay, name));
  mountOverlay(join(overlay, "root"), {
    lower: [join(overlay, "lower")],
    upper: join(overlay, "upper"),
    work: join(overlay, "work"),
  });
  onTestFinished(async () => {
    unmount(join(overlay, "root"));
    await rm(overlay, { recursive: true });
  });
  // The kernel shifts no owners on an overlay.
  expect(await whyNoUserNamespaces(join(overlay, "root"))).toContain("EINVAL");
  expect(await readdir(join(overlay, "root"))).toEqual([]);
  expect(await readdir(directory)).toEqual([]);
});
