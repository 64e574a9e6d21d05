import { AppError, messageOf } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import { onAbort } from "@dorian/base/on-abort";
import { RemoteFunction } from "@dorian/sdk/function/remote-function";
import type { Transport } from "@dorian/sdk/client/transport";
import { ObjectCreationType } from "@dorian/protocol/modal";
import { deployApp } from "../deployed-app.ts";
import { chaosApp } from "./chaos-app.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** Something that a user does. It resolves when all is right, and throws when something is missing or wrong. */
export type Deed = (random: SeededRandom, number: number) => Promise<void>;

const remote = <F extends (...args: never[]) => unknown>(name: string) =>
  RemoteFunction.fromName<F>("chaos", name);

/** What users do, by name. Each checks what it gets. */
export function deeds(options: { dataDirectory: string; client: Transport }): Record<string, Deed> {
  const { dataDirectory, client } = options;
  const add = remote<(a: number, b: number) => Promise<number>>("add");
  const square = remote<(n: number) => Promise<number>>("square");
  const count = remote<(from: number, values: number) => AsyncGenerator<number>>("count");
  const write = remote<(name: string, text: string) => Promise<string>>("write");
  const read = remote<(name: string) => Promise<string>>("read");
  const version = remote<() => Promise<number>>("version");
  let deployed = 0;
  let files = 0;
  let newest = 0;
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
    async map(random) {
      const from = random.whole(1000);
      const numbers = Array.from({ length: 40 }, (_, index) => from + index);
      same(
        "the map",
        await allOf(square.map(numbers)),
        numbers.map((n) => n * n),
      );
    },
    async generator(random) {
      const from = random.whole(1000);
      const values = Array.from({ length: 20 }, (_, index) => from + index);
      same("what was yielded", await allOf(count.remote(from, 20)), values);
    },
    async commit(random, number) {
      const text = `${number} ${random.whole(1e9)}`;
      // What a write that failed left of it may be committed after the next: each has a file of its own.
      const name = `file-${number}-${++files}`;
      await write.remote(name, text);
      same(`the file ${name}`, await read.remote(name), text);
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
    async queue(_random, number) {
      const { queueId } = await client.modal.queueGetOrCreate({
        deploymentName: "chaos",
        objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
      });
      const partitionKey = new TextEncoder().encode(`p${number}`);
      const values = [1, 2, 3].map((n) => new TextEncoder().encode(`${number}-${n}`));
      await client.modal.queuePut({ queueId, values, partitionKey });
      const got = await client.modal.queueGet({ queueId, partitionKey, nValues: 3, timeout: 0 });
      same(
        "the queue",
        got.values.map((value) => Buffer.from(value).toString()),
        [1, 2, 3].map((n) => `${number}-${n}`),
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
  };
}

async function allOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

function same(what: string, got: unknown, expected: unknown): void {
  if (JSON.stringify(got) === JSON.stringify(expected)) return;
  throw new Error(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
}

/**
 * How a deed went. `refused` is told before anything was accepted: the caller may come again. `told`: its container was
 * lost after a generator had yielded values, which cannot be taken back.
 */
export type Outcome = { kind: "done" | "refused" | "told" } | { kind: "lost"; why: string };

/** Time after which nobody would still wait: far beyond every fault. */
const patienceMs = 180_000;

/** Does it until it is accepted. */
export async function perform(
  deed: () => Promise<void>,
  options: { signal: AbortSignal },
): Promise<{ outcome: Outcome; refusals: number }> {
  const late = AbortSignal.any([options.signal, AbortSignal.timeout(patienceMs)]);
  for (let refusals = 0; ; refusals += 1) {
    const outcome = await Promise.race([attempt(deed), lateness(late)]);
    if (outcome.kind !== "refused") return { outcome, refusals };
    try {
      await sleep(500, { signal: late });
    } catch {
      return { outcome: { kind: "lost", why: "it was still refused after minutes" }, refusals };
    }
  }
}

async function attempt(deed: () => Promise<void>): Promise<Outcome> {
  try {
    await deed();
    return { kind: "done" };
  } catch (error) {
    if (AppError.is(error) && error.status === "RESOURCE_EXHAUSTED") return { kind: "refused" };
    const text = messageOf(error);
    // User code that has no room to write or to commit, and a command that finds no server: both say so, and may be repeated.
    if (/ENOSPC|disk is full|STORAGE_FULL|SERVER_UNREACHABLE/.test(text)) return { kind: "refused" };
    if (text.includes("so it was not run again")) return { kind: "told" };
    const code = AppError.is(error) ? `${error.code}: ` : "";
    return { kind: "lost", why: `${code}${text}` };
  }
}

function lateness(signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const tell = () => resolve({ kind: "lost", why: `no answer after ${patienceMs / 1000} s` });
    if (signal.aborted) tell();
    else onAbort(signal, tell);
  });
}
