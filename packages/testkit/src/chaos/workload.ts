import { Function as RemoteFunction } from "dorian";
import { ObjectCreationType } from "@dorian/protocol/modal";
import type { Connection } from "../connection.ts";
import { deployApp } from "../deployed-app.ts";
import type { ModalClient } from "../modal-client.ts";
import { buildDeed } from "./build-deed.ts";
import { pageAt } from "./page-at.ts";
import { chaosApp } from "./chaos-app.ts";
import type { PythonCaller } from "./python-caller.ts";
import { same } from "./same.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { WrittenFiles } from "./written-files.ts";

/** Something that a user does. It resolves when all is right, and throws when something is missing or wrong. */
export type Deed = (random: SeededRandom, number: number) => Promise<void>;

export interface Workplace {
  dataDirectory: string;
  client: Connection;
  python: ModalClient;
  caller: PythonCaller;
}

const remote = <F extends (...args: never[]) => unknown>(name: string, app = "chaos") =>
  RemoteFunction.fromName<F>(app, name);

/** What users do, by name. Each checks what it gets. */
export function deeds(place: Workplace): Record<string, Deed> {
  return { ...typescriptDeeds(place), ...pythonDeeds(place) };
}

/** Those that take seconds of a core: who does them, and in which part of the turns they may. */
export const heavyDeeds: Readonly<Record<string, { user: number; oneOf: number } | undefined>> = {
  deployment: { user: 0, oneOf: 8 },
  build: { user: 1, oneOf: 3 },
};

function typescriptDeeds({ dataDirectory, client, python }: Workplace): Record<string, Deed> {
  const add = remote<(a: number, b: number) => Promise<number>>("add");
  const pythonAdd = remote<(a: number, b: number) => Promise<number>>("add", "chaos-python");
  const square = remote<(n: number) => Promise<number>>("square");
  const count = remote<(from: number, values: number) => AsyncGenerator<number>>("count");
  const files = new WrittenFiles();
  const write = remote<(name: string, text: string) => Promise<string>>("write");
  const read = remote<(name: string) => Promise<string>>("read");
  const version = remote<() => Promise<number>>("version");
  const build = buildDeed({ dataDirectory, python });
  let deployed = 0;
  let newest = 0;
  let queued = 0;
  return {
    async call(random) {
      const [a, b] = [random.whole(1000), random.whole(1000)];
      same("the sum", await add.remote(a, b), a + b);
    },
    async spawned(random) {
      const a = random.whole(1000);
      const call = await add.spawn(a, 1);
      same("the sum that was spawned", await call.get(), a + 1);
    },
    async "call of Python"(random) {
      const [a, b] = [random.whole(1000), random.whole(1000)];
      same("Python's sum", await pythonAdd.remote(a, b), a + b);
    },
    async map(random) {
      const numbers = range(random.whole(1000), 40);
      same(
        "the map",
        await Array.fromAsync(square.map(numbers)),
        numbers.map((n) => n * n),
      );
    },
    async generator(random) {
      const from = random.whole(1000);
      same("what was yielded", await Array.fromAsync(count.remote(from, 20)), range(from, 20));
    },
    async commit(random, number) {
      const { name, text } = files.next(number, random);
      await write.remote(name, text);
      same(`the file ${name}`, await read.remote(name), text);
      files.add(name, text);
    },
    async reader(random) {
      await files.checkOne(random, (name) => read.remote(name));
    },
    async dict(_random, number) {
      const { dictId } = await client.modal.dictGetOrCreate({
        deploymentName: "chaos",
        objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
      });
      const key = new TextEncoder().encode(`key-${number}`);
      await client.modal.dictUpdate({ dictId, updates: [{ key, value: key }] });
      const { value } = await client.modal.dictGet({ dictId, key });
      same("the value of the dict", Buffer.from(value ?? []).toString(), `key-${number}`);
    },
    async queue() {
      const { queueId } = await client.modal.queueGetOrCreate({
        deploymentName: "chaos",
        objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
      });
      // What an attempt that was refused left there is not for the next.
      const partition = `p${++queued}`;
      const partitionKey = new TextEncoder().encode(partition);
      const texts = [1, 2, 3].map((n) => `${partition}-${n}`);
      const values = texts.map((text) => new TextEncoder().encode(text));
      await client.modal.queuePut({ queueId, values, partitionKey });
      const got = await client.modal.queueGet({ queueId, partitionKey, nValues: 3, timeout: 0 });
      same(
        "the queue",
        got.values.map((value) => Buffer.from(value).toString()),
        texts,
      );
    },
    async deployment() {
      const next = ++newest;
      await deployApp(dataDirectory, chaosApp(next));
      deployed = Math.max(deployed, next);
      const seen = await version.remote();
      if (seen < deployed || seen > newest)
        throw new Error(`version() is ${seen} after ${deployed} was deployed`);
    },
    build: (_random, number) => build(number),
  };
}

/** The official client's users. */
function pythonDeeds({ caller }: Workplace): Record<string, Deed> {
  const files = new WrittenFiles();
  let keys = 0;
  let questions = 0;
  let address: string | undefined;
  const sum = (deed: string): Deed => {
    return async (random) => {
      const [a, b] = [random.whole(1000), random.whole(1000)];
      same(deed, await caller.do(deed, a, b), a + b);
    };
  };
  return {
    "Python: call": sum("add"),
    "Python: call of TypeScript": sum("add of the other language"),
    "Python: spawned": sum("spawn"),
    async "Python: map"(random) {
      const numbers = range(random.whole(1000), 20);
      same(
        "Python's map",
        await caller.do("map", numbers),
        numbers.map((n) => n * n),
      );
    },
    async "Python: generator"(random) {
      const from = random.whole(1000);
      same("what Python yielded", await caller.do("count", from, 20), range(from, 20));
    },
    async "Python: commit"(random, number) {
      const { name, text } = files.next(number, random);
      await caller.do("write", name, text);
      same(`the file ${name}`, await caller.do("read", name), text);
      files.add(name, text);
    },
    async "Python: reader"(random) {
      await files.checkOne(random, (name) => caller.do("read", name));
    },
    async "web request"() {
      address ??= String(await caller.do("address of the page"));
      const question = `question-${++questions}`;
      same("what the page answered", await pageAt(`${address}/?${question}`), question);
    },
    async "Python: dict and queue"() {
      const key = `key-${++keys}`;
      same("the value of Python's dict", await caller.do("dict", key), key);
      same("Python's queue", await caller.do("queue", key, [1, 2, 3]), [1, 2, 3]);
    },
  };
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
