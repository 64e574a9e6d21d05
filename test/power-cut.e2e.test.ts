import { sleep } from "@dorian/base/sleep";
import { ObjectCreationType } from "@dorian/protocol/modal";
import { Function as RemoteFunction, FunctionCall } from "dorian";
import { chaosApp } from "@dorian/testkit/chaos/chaos-app";
import { SeededRandom } from "@dorian/testkit/chaos/seeded-random";
import { type Connection, sdkConnection } from "@dorian/testkit/connection";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { powerCutDisk } from "@dorian/testkit/power-cut-disk";
import { copySeed } from "@dorian/testkit/seeded-data";
import { expect, test } from "vitest";

/** Throws unless what was acknowledged is there. */
type Promised = (client: Connection) => Promise<void>;

const add = RemoteFunction.fromName<(a: number, b: number) => Promise<number>>("chaos", "add");
const write = RemoteFunction.fromName<(name: string, text: string) => Promise<string>>("chaos", "write");
const read = RemoteFunction.fromName<(name: string) => Promise<string>>("chaos", "read");
const version = RemoteFunction.fromName<() => Promise<number>>("chaos", "version");

/** What users do, again and again; each resolves when it was acknowledged, with how to see it later. */
function promises(client: Connection, dataDirectory: string): ((n: number) => Promise<Promised>)[] {
  const dictOf = ({ modal }: Connection) =>
    modal.dictGetOrCreate({
      deploymentName: "promises",
      objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
    });
  return [
    async (n) => {
      const { functionCallId } = await add.spawn(n, 1);
      return async () => expect(await FunctionCall.fromId(functionCallId).get()).toBe(n + 1);
    },
    async (n) => {
      const call = await add.spawn(n, 2);
      expect(await call.get()).toBe(n + 2);
      return async () => expect(await FunctionCall.fromId(call.functionCallId).get()).toBe(n + 2);
    },
    async (n) => {
      const text = String(n).repeat(10_000);
      await write.remote(`file-${n}`, text);
      return async () => expect((await read.remote(`file-${n}`)) === text).toBe(true);
    },
    async (n) => {
      const { dictId } = await dictOf(client);
      const key = new TextEncoder().encode(`key-${n}`);
      await client.modal.dictUpdate({ dictId, updates: [{ key, value: key }] });
      return async (later) => {
        const { value } = await later.modal.dictGet({ dictId: (await dictOf(later)).dictId, key });
        expect(Buffer.from(value ?? []).toString()).toBe(`key-${n}`);
      };
    },
    async (n) => {
      if (n % 5 !== 0) return () => Promise.resolve();
      await deployApp(dataDirectory, chaosApp(n));
      return async () => expect(await version.remote()).toBeGreaterThanOrEqual(n);
    },
  ];
}

test(
  "whenever the power goes, what was acknowledged is there after the next start: calls, results, files, values and deployments [L1]",
  { timeout: 600_000 },
  async ({ signal }) => {
    await using disk = await powerCutDisk({ mebibytes: 6_000 });
    await copySeed(disk.path);
    const random = new SeededRandom(1);
    const acknowledged: Promised[] = [];
    let lost = 0;
    const cuts: { image: string; promised: Promised[] }[] = [];
    {
      await using server = await DorianProcess.start({ dataDirectory: disk.path });
      using client = await sdkConnection(disk.path);
      await deployApp(disk.path, chaosApp(0));
      const stopping = new AbortController();
      const users = promises(client, disk.path).map(async (deed) => {
        for (let n = 1; !stopping.signal.aborted; n += 1) acknowledged.push(await deed(n));
      });
      for (let cut = 0; cut < 6; cut += 1) {
        await sleep(500 + random.whole(3_000), { signal });
        const promised = [...acknowledged];
        const { image, lostBlocks } = await disk.cut({ survives: () => random.whole(2) === 0, signal });
        cuts.push({ image, promised });
        lost += lostBlocks;
      }
      stopping.abort();
      await Promise.all(users);
      await server.stop();
      expect(await leftoversOf(disk.path), server.output).toEqual([]);
    }
    expect(acknowledged.length).toBeGreaterThan(50);
    // Cuts between a write and its flush have taken some of it.
    expect(lost).toBeGreaterThan(0);

    for (const { image, promised } of cuts) {
      await using after = await disk.mount(image);
      await using server = await DorianProcess.start({ dataDirectory: after.path });
      using client = await sdkConnection(after.path);
      // All of the newest, and some of the others.
      for (const keeps of promised.slice(-40)) await keeps(client);
      for (const keeps of promised.slice(0, -40)) if (random.whole(10) === 0) await keeps(client);
      await server.stop();
      expect(await leftoversOf(after.path), server.output).toEqual([]);
    }
  },
);
