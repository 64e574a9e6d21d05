import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Volume } from "dorian";
import { containersOf } from "@dorian/testkit/containers";
import { eventually } from "@dorian/testkit/eventually";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { scriptedContainers } from "@dorian/testkit/scripted-containers";
import { filesIn, textIn } from "@dorian/testkit/volume-content";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server[Symbol.asyncDispose]());

const listed = (volume: string) => filesIn(server.dataDirectory, volume);

test("a commit shows in a container that reloads, and in no other one that runs [K1, K2, L1, L2, L3, N1, N2, N9]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "four-steps",
    volume: "four-steps",
    mounts: { writer: "/vol", reader: "/data/models", other: "/vol" },
  });
  const { writer, reader, other } = app.container;
  expect(await reader(({ fs }) => fs.readdir("/data/models"))).toEqual([]);
  expect(await other(({ fs }) => fs.readdir("/vol"))).toEqual([]);
  await writer(async ({ fs, volume }) => {
    await fs.mkdir("/vol/iris", { recursive: true });
    await fs.writeFile("/vol/iris/weights", "v1");
    await volume.commit();
  });
  expect(await writer(({ fs }) => fs.readFile("/vol/iris/weights", "utf8"))).toBe("v1");
  expect(await reader(({ fs }) => fs.readdir("/data/models"))).toEqual([]);
  const read = await reader(async ({ fs, volume }) => {
    await volume.reload();
    return fs.readFile("/data/models/iris/weights", "utf8");
  });
  expect(read).toBe("v1");
  expect(await other(({ fs }) => fs.readdir("/vol"))).toEqual([]);
});

test("what is put and removed from outside shows in a running container when it reloads [N1, O5]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "from-outside",
    volume: "from-outside",
    mounts: { reader: "/vol" },
  });
  const { reader } = app.container;
  expect(await reader(({ fs }) => fs.readdir("/vol"))).toEqual([]);
  const files = await Volume.fromName("from-outside").files();
  await files.putFile(Readable.from(["one"]), "dir/one");
  await files.putFile(Readable.from(["two"]), "two");
  expect(await reader(({ fs }) => fs.readdir("/vol"))).toEqual([]);
  const look = () =>
    reader(async ({ fs, volume }) => {
      await volume.reload();
      return (await fs.readdir("/vol", { recursive: true })).toSorted();
    });
  expect(await look()).toEqual(["dir", "dir/one", "two"]);
  await files.remove("two");
  await files.copy(["dir/one"], "copy");
  expect(await look()).toEqual(["copy", "dir", "dir/one"]);
});

test("four writers commit at the same time: every file of their own is there, and a shared one is the last commit's [L4]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "four-writers",
    volume: "four-writers",
    mounts: { w1: "/vol", w2: "/vol", w3: "/vol", w4: "/vol" },
  });
  const writers = Object.entries(app.container);
  const rounds = 8;
  await Promise.all(
    writers.map(([name, writer]) =>
      writer(
        async ({ fs, volume }, name, rounds) => {
          for (let round = 1; round <= rounds; round += 1) {
            await fs.mkdir("/vol/runs", { recursive: true });
            await fs.writeFile(`/vol/runs/${name}-${round}`, `${name} ${round}`);
            await fs.writeFile("/vol/runs/latest", `${name} ${round}`);
            await volume.commit();
          }
        },
        name,
        rounds,
      ),
    ),
  );
  const own = writers.flatMap(([name]) =>
    Array.from({ length: rounds }, (_, index) => `runs/${name}-${index + 1}`),
  );
  expect(await listed("four-writers")).toEqual([...own, "runs/latest"].toSorted());
  for (const path of own) expect(await textIn("four-writers", path)).toBe(path.slice(5).replace("-", " "));

  const last = await app.container.w3(async ({ fs, volume }) => {
    await fs.writeFile("/vol/runs/latest", "w3 last");
    await volume.commit();
    return fs.readFile("/vol/runs/latest", "utf8");
  });
  expect(last).toBe("w3 last");
  expect(await textIn("four-writers", "runs/latest")).toBe("w3 last");
});

test("whoever reads during commits sees a whole file, never half of one [L5]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "whole-files",
    volume: "whole-files",
    mounts: { writer: "/vol", reader: "/vol" },
  });
  const size = 4 << 20;
  const writing = app.container.writer(async ({ fs, volume, delay }, size) => {
    for (let round = 1; round <= 12; round += 1) {
      const file = await fs.open("/vol/weights", "w");
      for (let part = 0; part < 8; part += 1) {
        await file.write(Buffer.alloc(size / 8, round));
        // Long enough in all for background commits to come while the file is half written.
        await delay(100);
      }
      await file.close();
      await volume.commit();
    }
    return "done";
  }, size);
  const reading = app.container.reader(async ({ fs, volume }, size) => {
    const seen: number[] = [];
    for (let turn = 0; seen.at(-1) !== 12; turn += 1) {
      await volume.reload();
      const bytes = await fs.readFile("/vol/weights").catch(() => undefined);
      if (bytes === undefined) continue;
      const first = bytes[0] ?? -1;
      if (bytes.length !== size || !bytes.equals(Buffer.alloc(size, first)))
        return [`half of round ${first}: ${bytes.length}`];
      if (seen.at(-1) !== first) seen.push(first);
    }
    return seen;
  }, size);
  const outside: number[] = [];
  const files = await Volume.fromName("whole-files").files();
  await eventually(
    () => listed("whole-files"),
    (paths) => paths.length > 0,
  );
  for (let turn = 0; turn < 15; turn += 1) {
    const bytes = Buffer.from(await files.readFile("weights"));
    expect(bytes.equals(Buffer.alloc(size, bytes[0]))).toBe(true);
    outside.push(bytes[0] ?? 0);
    await delay(300);
  }
  expect(outside.toSorted((a, b) => a - b)).toEqual(outside);
  expect(await writing).toBe("done");
  const seen = await reading;
  expect(seen.length).toBeGreaterThan(5);
  expect(seen).toEqual(seen.toSorted((a, b) => Number(a) - Number(b)));
});

test("deleted and renamed files and directories are so for everyone after the commit [L6]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "renames",
    volume: "renames",
    mounts: { writer: "/vol", reader: "/vol" },
  });
  await app.container.writer(async ({ fs, volume }) => {
    for (const path of ["old", "gone", "checkpoint/a", "checkpoint/b", "replaced/before", "tree/deep/file"]) {
      await fs.mkdir(`/vol/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await fs.writeFile(`/vol/${path}`, path);
    }
    await volume.commit();
  });
  await app.container.writer(async ({ fs, volume }) => {
    await fs.rename("/vol/old", "/vol/new");
    await fs.rm("/vol/gone");
    await fs.rename("/vol/checkpoint", "/vol/final");
    await fs.rm("/vol/final/b");
    await fs.rm("/vol/replaced", { recursive: true });
    await fs.mkdir("/vol/replaced");
    await fs.writeFile("/vol/replaced/after", "after");
    await fs.rm("/vol/tree", { recursive: true });
    await volume.commit();
  });
  const expected = ["final", "final/a", "new", "replaced", "replaced/after"];
  const read = await app.container.reader(async ({ fs }) => [
    (await fs.readdir("/vol", { recursive: true })).toSorted(),
    await fs.readFile("/vol/final/a", "utf8"),
    await fs.readFile("/vol/new", "utf8"),
  ]);
  expect(read).toEqual([expected, "checkpoint/a", "old"]);
  expect(await listed("renames")).toEqual(["final/a", "new", "replaced/after"]);
});

test("a container killed between commits leaves the last commit as it was, and nothing half-written [L9]", async () => {
  await using app = await scriptedContainers(server.dataDirectory, {
    app: "killed",
    volume: "killed",
    mounts: { writer: "/vol" },
  });
  const taskId = await app.container.writer(async ({ fs, volume, taskId }) => {
    await fs.writeFile("/vol/weights", "committed");
    await volume.commit();
    return taskId;
  });
  const dying = app.container.writer(async ({ fs, delay, taskId }, killed) => {
    if (taskId !== killed) return "taken up by another container";
    const file = await fs.open("/vol/weights", "w");
    await file.write("half of th");
    const other = await fs.open("/vol/other", "w");
    await other.write("half of an");
    await fs.writeFile("/tmp/half", "");
    await delay(60_000);
    return "";
  }, taskId);
  const running = await eventually(
    () => containersOf(server.dataDirectory),
    (all) => all.some((container) => container.taskId === taskId),
  );
  const container = running.find((each) => each.taskId === taskId);
  await eventually(
    () =>
      readFile(container?.path("/tmp/half") ?? "").then(
        () => true,
        () => false,
      ),
    (there) => there,
  );
  process.kill(container?.pid ?? -1, "SIGKILL");
  expect(await dying).toBe("taken up by another container");
  expect(await listed("killed")).toEqual(["weights"]);
  expect(await textIn("killed", "weights")).toBe("committed");
  const next = await app.container.writer(async ({ fs, taskId }) => [
    await fs.readFile("/vol/weights", "utf8"),
    taskId,
  ]);
  expect(next[0]).toBe("committed");
  expect(next[1]).not.toBe(taskId);
});
