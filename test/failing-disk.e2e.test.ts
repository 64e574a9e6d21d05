import { execFile } from "node:child_process";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { Function as RemoteFunction } from "dorian";
import { sdkConnection } from "@dorian/testkit/connection";
import { containersWith } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { failingFlush } from "@dorian/testkit/failing-flush";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { runningServer } from "@dorian/testkit/running-server";
import { copySeed } from "@dorian/testkit/seeded-data";
import { smallDisk } from "@dorian/testkit/small-disk";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";

const source = `
import { appendFile, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, currentTaskId } from "dorian";

export const app = new App("failing-disk", { image: Image.debianSlim() });

/** Goes on when somebody makes the file /tmp/go-<text>, and says where it ran and how often it was begun there. */
export const gated = app.function({ name: "gated" }, async (text: string) => {
  await appendFile("/tmp/begun-" + text, "x");
  while (!existsSync("/tmp/go-" + text)) await delay(20);
  return [currentTaskId(), (await readFile("/tmp/begun-" + text, "utf8")).length];
});
export const add = app.function({ name: "add" }, (a: number, b: number) => a + b);
export const double = app.function({ name: "double" }, (n: number) => 2 * n);
`;

const lastWord =
  /The disk failed while the database was written: .*Nobody knows whether it holds the last changes/;

test("a server whose disk fails a flush says so and ends; the next one knows what the disk holds, and no caller sees an error [L4]", async () => {
  await using disk = await failingFlush();
  await using server = await runningServer({ apps: [source], env: disk.environment });
  const up = server.processes;
  const gated = RemoteFunction.fromName<(text: string) => Promise<[string, number]>>("failing-disk", "gated");
  const add = RemoteFunction.fromName<(a: number, b: number) => Promise<number>>("failing-disk", "add");
  const running = await gated.spawn("running");
  const [container] = await containersWith(server.dataDirectory, "/tmp/begun-running");
  const [before, worker] = [await up.pidOf("server"), await up.pidOf("worker")];

  const failed = disk.failOnce();
  const sums = Promise.all(Array.from({ length: 20 }, (_, n) => add.remote(n, 1)));
  await failed;
  await eventually(
    () => up.pidOf("server"),
    (pid) => pid !== before,
  );
  container?.touch("/tmp/go-running");
  expect(await sums).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  expect(await running.get()).toEqual([container?.taskId, 1]);
  expect(up.output).toMatch(lastWord);
  expect(await up.pidOf("worker")).toBe(worker);
});

test("a server under which the file system becomes read-only says so and ends instead of believing in what is not there [L4]", async () => {
  await using disk = await smallDisk({ mebibytes: 200 });
  await using server = await DorianProcess.start({ dataDirectory: disk.path, command: "server" });
  // What ext4 does when its disk fails.
  await promisify(execFile)("mount", ["-o", "remount,abort", dirname(disk.path)]);
  const output = await eventually(
    async () => server.output,
    (text) => lastWord.test(text),
  );
  expect(output).toContain("dmesg");
});

test("where the data directory is moved away nothing begins anew in its place; when it is back all goes on", async () => {
  await using place = await temporaryDirectory();
  const dataDirectory = join(place.path, "data");
  await mkdir(dataDirectory);
  await copySeed(dataDirectory);
  await using up = await DorianProcess.start({ dataDirectory });
  await deployApp(dataDirectory, source);
  using _connection = await sdkConnection(dataDirectory);
  const add = RemoteFunction.fromName<(a: number, b: number) => Promise<number>>("failing-disk", "add");
  expect(await add.remote(1, 2)).toBe(3);

  await rename(dataDirectory, `${dataDirectory}-moved`);
  // A container for this one cannot be started now.
  const double = RemoteFunction.fromName<(n: number) => Promise<number>>("failing-disk", "double");
  const accepted = double.remote(21);
  await eventually(
    async () => up.output,
    (text) => text.includes("could not be started: "),
  );
  expect(up.output).toContain("data was moved, removed or replaced. Put it back");
  // Without the directories of one that begins, in which nobody would miss anything.
  expect((await unlessAbsent(readdir(dataDirectory))) ?? []).not.toContain("state.db");
  await rm(dataDirectory, { recursive: true, force: true });
  await rename(`${dataDirectory}-moved`, dataDirectory);
  expect(await add.remote(2, 2)).toBe(4);
  expect(await accepted).toBe(42);
  await up.stop();
  expect(await leftoversOf(dataDirectory)).toEqual([]);
});

test("a server does not begin anew beside the files of one whose database was taken away", async () => {
  await using data = await temporaryDirectory();
  await using server = await DorianProcess.start({ dataDirectory: data.path, command: "server" });
  await server.stop();
  await rename(join(data.path, "state.db"), join(data.path, "aside.db"));
  await expect(DorianProcess.start({ dataDirectory: data.path, command: "server" })).rejects.toThrow(
    /state\.db is not there, beside files of a server that has run here\..*\(DATABASE_MISSING\).*Put it back/s,
  );
  await rename(join(data.path, "aside.db"), join(data.path, "state.db"));
  await using again = await DorianProcess.start({ dataDirectory: data.path, command: "server" });
  expect(again.ready).toHaveProperty("url");
});
