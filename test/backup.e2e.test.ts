import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { Function as RemoteFunction, FunctionCall } from "dorian";
import { ObjectCreationType } from "@dorian/protocol/modal";
import { sdkConnection, type Connection } from "@dorian/testkit/connection";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { dorian, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { smallDisk } from "@dorian/testkit/small-disk";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
import { appendFile, readFile } from "node:fs/promises";
import { App, Image, Secret, Volume } from "dorian";

const volume = Volume.fromName("notes", { createIfMissing: true });
export const app = new App("kept", { image: Image.debianSlim() });
export const note = app.function({ name: "note", volumes: { "/vol": volume } }, async (text: string) => {
  await appendFile("/vol/notes", text + ";");
  return await readFile("/vol/notes", "utf8");
});
export const secret = app.function({ name: "secret", secrets: [Secret.fromName("hub")] }, async () => process.env.HF_TOKEN);
export const measure = app.function({ name: "measure" }, async (text: string) => text.length);
`;

/** Too much for the database. */
const large = "x".repeat(5_000_000);
const objectCreationType = ObjectCreationType.CREATE_IF_MISSING;
const [key, value] = [Buffer.from("key"), Buffer.from("value")];

let server: RunningServer<SplitDorian>;

beforeAll(async () => {
  server = await runningServer({ start: (dataDirectory) => SplitDorian.start({ dataDirectory }) });
  const { modal } = server.client;
  await modal.secretGetOrCreate({
    objectCreationType,
    deploymentName: "hub",
    envDict: { HF_TOKEN: "hf_1" },
  });
  const { dictId } = await modal.dictGetOrCreate({ objectCreationType, deploymentName: "dict" });
  await modal.dictUpdate({ dictId, updates: [{ key, value }] });
  const { queueId } = await modal.queueGetOrCreate({ objectCreationType, deploymentName: "queue" });
  await modal.queuePut({ queueId, values: [value] });
  await deployApp(server.dataDirectory, source);
});

afterAll(() => server[Symbol.asyncDispose]());

const note = (text: string) =>
  RemoteFunction.fromName<(text: string) => Promise<string>>("kept", "note").remote(text);

function backup(directory: string, ...args: string[]): Promise<CommandResult> {
  return dorian(server.dataDirectory, ["backup", directory, ...args]);
}

async function restored(directory: string, dataDirectory: string): Promise<void> {
  const result = await dorian(server.dataDirectory, ["restore", directory, "--data", dataDirectory]);
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toMatch(/✓ Restored .* taken \d{4}-.*Z by Dorian \d+\.\d+\.\d+/);
}

/** With a server and a worker on restored data, and this process's SDK connected to them. */
async function onRestored(dataDirectory: string, work: (client: Connection) => Promise<void>): Promise<void> {
  try {
    await using _server = await DorianProcess.start({ dataDirectory });
    using client = await sdkConnection(dataDirectory);
    await work(client);
  } finally {
    Object.assign(server, { client: await sdkConnection(server.dataDirectory) });
  }
}

test("a backup of a working server holds apps, volumes, secrets, dicts, queues and inputs that wait; the next one copies what is new, and data can be moved", async () => {
  await using place = await temporaryDirectory();
  const [directory, first, second] = ["backup", "first", "second"].map((name) => join(place.path, name));
  const before = await note("a");
  await server.processes.worker.stop();
  const measure = RemoteFunction.fromName<(text: string) => Promise<number>>("kept", "measure");
  const waiting = await measure.spawn(large);
  const taken = await backup(directory ?? "", "--json");
  expect(taken.code, taken.stderr).toBe(0);
  const told = JSON.parse(taken.stdout) as { bytes: number; newBytes: number; sharesFiles: boolean };
  expect(told).toMatchObject({ newBytes: told.bytes, sharesFiles: true, missing: [] });
  await server.processes.startWorker();
  expect(await waiting.get()).toBe(large.length);
  await note("b");

  await restored(directory ?? "", first ?? "");
  await onRestored(first ?? "", async ({ modal }) => {
    expect(await FunctionCall.fromId<number>(waiting.functionCallId).get()).toBe(large.length);
    expect(await note("c")).toBe(`${before}c;`);
    expect(await RemoteFunction.fromName<() => Promise<string>>("kept", "secret").remote()).toBe("hf_1");
    const { dictId } = await modal.dictGetOrCreate({ deploymentName: "dict" });
    expect(Buffer.from((await modal.dictGet({ dictId, key })).value ?? [])).toEqual(value);
    const { queueId } = await modal.queueGetOrCreate({ deploymentName: "queue" });
    expect((await modal.queueGet({ queueId, nValues: 1, timeout: 5 })).values.map(Buffer.from)).toEqual([
      value,
    ]);
  });

  const again = await backup(directory ?? "", "--json");
  const more = JSON.parse(again.stdout) as { bytes: number; newBytes: number };
  expect(more.newBytes).toBeLessThan(told.bytes / 10);
  await restored(directory ?? "", second ?? "");
  await onRestored(second ?? "", async () => expect(await note("d")).toBe(`${before}b;d;`));
  // Nothing in it says where it lies.
  await rename(second ?? "", join(place.path, "moved"));
  await onRestored(join(place.path, "moved"), async () => expect(await note("e")).toBe(`${before}b;d;e;`));
});

test("a backup that is killed, or whose server is, is none; the next one goes on from it, and one that was there stays", async () => {
  await using disk = await smallDisk({ mebibytes: 700 });
  await using place = await temporaryDirectory();
  const directory = join(disk.path, "backup");
  /** What `backup` comes to when `act` is done while it copies. */
  const midway = async (act: (send: (signal: NodeJS.Signals) => void) => Promise<void> | void) => {
    let acting: Promise<void> | undefined;
    const result = await dorian(server.dataDirectory, ["backup", directory], {
      onOutput(_text, send) {
        acting ??= eventually(
          () => readdir(join(directory, "incoming")).catch(() => []),
          (names) => names.length > 0,
        ).then(() => act(send));
      },
    });
    await acting;
    return result;
  };
  const refused = async () => {
    const { code, stderr } = await dorian("", ["restore", directory, "--data", join(place.path, "half")]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("BACKUP_NOT_WHOLE")]);
  };
  expect((await midway((send) => send("SIGKILL"))).code).toBeNull();
  await refused();
  expect((await midway((send) => send("SIGINT"))).code).toBe(130);
  await refused();
  const brokenOff = await midway(() => server.processes.server.kill());
  expect([brokenOff.code, brokenOff.stderr]).toEqual([1, expect.stringContaining("BACKUP_BROKEN_OFF")]);
  await refused();
  await server.processes.startServer();

  expect((await backup(directory)).code).toBe(0);
  const noted = await note("e");
  const killed = await dorian(server.dataDirectory, ["backup", directory], {
    onOutput: (_text, send) => send("SIGKILL"),
  });
  expect(killed.code).toBeNull();
  await restored(directory, join(place.path, "data"));
  await onRestored(join(place.path, "data"), async () => {
    expect([`${noted}f;`, `${noted.slice(0, -2)}f;`]).toContain(await note("f"));
  });
});
