import { AppError } from "@dorian/base/app-error";
import { Notifier } from "@dorian/base/notifier";
import { newId } from "@dorian/base/ids";
import { GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { decodeArguments } from "@dorian/protocol/value/payload";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  foundFunction,
  ScriptedServer,
  success,
  type OutputItem,
  type Script,
} from "@dorian/testkit/scripted-server";
import { RemoteFunction } from "./remote-function.ts";

const callId = newId("fc");

/** A server whose function works on inputs as they come; `work` may answer late, or out of order. */
class MapServer {
  readonly batches: number[] = [];
  readonly cancelled: string[] = [];
  inputs = 0;
  finishedAt: number | undefined;
  refusals = 0;
  /** How often it tells of each output. */
  tells = 1;
  refusal = "QUEUE_FULL";
  #done: OutputItem[] = [];
  #changed = new Notifier();

  script(work: (args: unknown[], idx: number) => Promise<OutputItem>): Script {
    return {
      functionGet: foundFunction,
      functionMap: async () => ({ functionCallId: callId, maxInputsOutstanding: 100 }),
      functionPutInputs: async ({ inputs }) => {
        if (this.refusals-- > 0)
          throw new AppError(this.refusal, "It is full.", { status: "RESOURCE_EXHAUSTED", remedy: "Wait." });
        this.batches.push(inputs.length);
        this.inputs += inputs.length;
        for (const { idx, input } of inputs) {
          const args = input?.argsOneof.case === "args" ? decodeArguments(input.argsOneof.value) : [];
          void work(args, idx).then((item) => {
            this.#done.push({ ...item, idx });
            this.#changed.notify();
          });
        }
        return { inputs: inputs.map(({ idx }) => ({ idx, inputId: newId("in") })) };
      },
      functionFinishInputs: async ({ numInputs }) => {
        this.finishedAt = numInputs;
        return {};
      },
      functionGetOutputs: async ({ lastEntryId }, { signal }) => {
        const from = Number(lastEntryId.split("-")[0]);
        while (this.#done.length <= from) await this.#changed.wait({ signal });
        const page = this.#done.slice(from);
        return {
          outputs: Array.from({ length: this.tells }, () => page).flat(),
          lastEntryId: `${this.#done.length}-0`,
        };
      },
      functionCallCancel: async ({ functionCallId }) => {
        this.cancelled.push(functionCallId);
        return {};
      },
    };
  }
}

const double = async ([n]: unknown[]) => success(Number(n) * 2);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function remote() {
  return RemoteFunction.fromName<(x: number) => Promise<number>>("quickstart", "double");
}

test("a map over hundreds of items gives their results in order", async () => {
  const server = new MapServer();
  await ScriptedServer.open(
    server.script(async (args, idx) => {
      await pause((idx * 7) % 20);
      return await double(args);
    }),
  );
  const items = Array.from({ length: 300 }, (_, index) => index);
  expect(await Array.fromAsync(remote().map(items))).toEqual(items.map((n) => n * 2));
  expect(server.finishedAt).toBe(300);
  expect(Math.max(...server.batches)).toBeLessThanOrEqual(49);
});

test("without an order, results come as they are done", async () => {
  const server = new MapServer();
  await ScriptedServer.open(
    server.script(async (args, idx) => {
      if (idx === 0) await pause(300);
      return await double(args);
    }),
  );
  expect(await Array.fromAsync(remote().map([1, 2, 3], { ordered: false }))).toEqual([4, 6, 2]);
});

test("a map over nothing ends", async () => {
  const server = new MapServer();
  await ScriptedServer.open(server.script(double));
  expect(await Array.fromAsync(remote().map([]))).toEqual([]);
  expect(server.finishedAt).toBe(0);
});

test("starmap spreads its items, and forEach waits for all of them", async () => {
  const server = new MapServer();
  await ScriptedServer.open(server.script(async (args) => success(args)));
  const add = RemoteFunction.fromName<(a: number, b: number) => Promise<unknown>>("quickstart", "add");
  expect(
    await Array.fromAsync(
      add.starmap([
        [1, 2],
        [3, 4],
      ]),
    ),
  ).toEqual([
    [1, 2],
    [3, 4],
  ]);
  await remote().forEach([1, 2, 3]);
  expect(server.inputs).toBe(5);
});

test("the first error ends a map and cancels the rest; as values, errors do not", async () => {
  const failing = async ([n]: unknown[]): Promise<OutputItem> =>
    n === 2 ? { result: { status: Status.FAILURE, exception: "two", traceback: "at two" } } : double([n]);
  const server = new MapServer();
  await ScriptedServer.open(server.script(failing));
  await expect(Array.fromAsync(remote().map([1, 2, 3]))).rejects.toThrow("two");
  expect(server.cancelled).toEqual([callId]);
});

test("errors can be had as values", async () => {
  const server = new MapServer();
  await ScriptedServer.open(
    server.script(async ([n]) =>
      n === 2 ? { result: { status: Status.FAILURE, exception: "two", traceback: "at two" } } : double([n]),
    ),
  );
  const results = await Array.fromAsync(remote().map([1, 2, 3], { returnExceptions: true }));
  expect(results).toMatchObject([2, { message: "two" }, 6]);
  expect(server.cancelled).toEqual([]);
});

test("leaving the loop cancels the map, and an endless source is left alone", async () => {
  const server = new MapServer();
  await ScriptedServer.open(server.script(double));
  let closed = false;
  async function* endless() {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      closed = true;
    }
  }
  for await (const result of remote().map(endless())) if (result === 20) break;
  expect(server.cancelled).toEqual([callId]);
  // Items are taken as results are: the source did not run away.
  expect(server.inputs).toBeLessThan(300);
  await expect.poll(() => closed).toBe(true);
});

/** A source of two items, after which it waits for ever; and whether it was closed. */
function waiting<T>(first: T, second: T) {
  const items = [first, second];
  const source = {
    closed: 0,
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const [value] = items.splice(0, 1);
        return value === undefined ? new Promise<never>(() => undefined) : Promise.resolve({ value });
      },
      return: async () => {
        source.closed += 1;
        return { done: true as const, value: undefined };
      },
    }),
  };
  return source;
}

test("a spawnMap ends when its signal aborts while its source is waited for, and the source is closed", async () => {
  const server = new MapServer();
  await ScriptedServer.open(server.script(double));
  const source = waiting(1, 2);
  const stop = new AbortController();
  const spawned = remote().spawnMap(source, { signal: stop.signal });
  await expect.poll(() => server.inputs).toBe(2);
  stop.abort(new Error("enough"));
  await expect(spawned).rejects.toThrow("enough");
  expect(server.cancelled).toEqual([callId]);
  expect(source.closed).toBe(1);
});

test("leaving the loop closes a source that has nothing to give at the moment", async () => {
  const server = new MapServer();
  await ScriptedServer.open(server.script(double));
  const [numbers, lists] = [waiting(1, 2), waiting<[number]>([1], [2])];
  for await (const _ of remote().map(numbers)) break;
  for await (const _ of remote().starmap(lists)) break;
  await expect.poll(() => [numbers.closed, lists.closed]).toEqual([1, 1]);
});

test("a map goes on whose results were all taken while the last of its items were sent", async () => {
  const server = new MapServer();
  const [second, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const script = server.script(async (args, idx) => {
    if (idx === 0) await second.promise;
    return await double(args);
  });
  await ScriptedServer.open({
    ...script,
    functionMap: async () => ({ functionCallId: callId, maxInputsOutstanding: 2 }),
    functionPutInputs: async (request, context) => {
      const answer = await script.functionPutInputs?.(request, context);
      if (server.inputs === 2) {
        second.resolve();
        await taken.promise;
      }
      return answer ?? {};
    },
    // Both results in one answer: while only the first is known to be there, no other is asked for.
    functionGetOutputs: async (request, context) => {
      await second.promise;
      await new Promise((resolve) => setImmediate(resolve));
      return (await script.functionGetOutputs?.(request, context)) ?? {};
    },
  });
  // One by one, so that the results of the first are asked for while the second is sent.
  const items = (async function* () {
    yield 1;
    await expect.poll(() => server.inputs).toBe(1);
    yield 2;
    yield 3;
  })();
  const results: number[] = [];
  for await (const result of remote().map(items, { ordered: false })) {
    results.push(result);
    if (results.length === 2) setImmediate(taken.resolve);
  }
  expect(results.toSorted()).toEqual([2, 4, 6]);
});

test("what an endless map holds does not grow while one result is late, in order or not", async () => {
  for (const ordered of [true, false]) {
    const server = new MapServer();
    const late = Promise.withResolvers<void>();
    await ScriptedServer.open(
      server.script(async (args, idx) => {
        if (idx === 0) await late.promise;
        return await double(args);
      }),
    );
    let taken = 0;
    const endless = (function* () {
      for (;;) yield taken++;
    })();
    const results = remote().map(endless, { ordered });
    let read = 0;
    const reading = (async () => {
      for await (const result of results) {
        read += 1;
        // In order nothing comes before the late one; without, it comes when much else has come.
        if (read === 1_000) late.resolve();
        if (result === 0 && !ordered) expect(read).toBeGreaterThanOrEqual(1_000);
        if (read === 2_000) break;
      }
    })();
    if (ordered) {
      await expect.poll(() => server.inputs, { timeout: 20_000 }).toBe(100);
      expect(read).toBe(0);
      late.resolve();
    }
    await reading;
    expect(taken - read).toBeLessThanOrEqual(101);
  }
});

test("a result that comes twice is given once", async () => {
  const server = new MapServer();
  server.tells = 2;
  await ScriptedServer.open(server.script(double));
  expect((await Array.fromAsync(remote().map([1, 2, 3], { ordered: false }))).toSorted()).toEqual([2, 4, 6]);
});

test("forEach goes on behind an error that is to be ignored", async () => {
  const server = new MapServer();
  await ScriptedServer.open(
    server.script(async ([n]) =>
      n === 1 ? { result: { status: Status.FAILURE, exception: "one", traceback: "at one" } } : double([n]),
    ),
  );
  await expect(remote().forEach([1, 2])).rejects.toThrow("one");
  await remote().forEach([1, 2, 3], { ignoreExceptions: true });
  expect(server.inputs).toBe(5);
});

test("spawnMap resolves when all inputs are there, and its results come in order, in any range, again and again", async () => {
  const server = new MapServer();
  const outputs = new Map<number, OutputItem>();
  await ScriptedServer.open({
    ...server.script(async (args, idx) => {
      if (idx % 50 === 0) await pause(50);
      const item = { ...(await double(args)), idx };
      outputs.set(idx, item);
      return item;
    }),
    functionCallFromId: async () => ({ functionCallId: callId, numInputs: server.inputs }),
    functionGetOutputs: async ({ startIdx = 0, endIdx = 0 }) => {
      await pause(20);
      const wanted = [...outputs.values()].filter(({ idx = 0 }) => idx >= startIdx && idx <= endIdx);
      return { outputs: wanted, numUnfinishedInputs: 250 - outputs.size };
    },
  });
  const call = await remote().spawnMap(Array.from({ length: 250 }, (_, n) => n));
  expect(server.finishedAt).toBe(250);
  expect(await call.inputCount()).toBe(250);
  expect(await Array.fromAsync(call.results())).toEqual(Array.from({ length: 250 }, (_, n) => n * 2));
  expect(await Array.fromAsync(call.results({ start: 120, end: 123 }))).toEqual([240, 242, 244]);
  expect(await call.get({ index: 7 })).toBe(14);
  await expect(call.get({ index: 250 })).rejects.toMatchObject({ code: "INPUT_NOT_IN_CALL" });
});

test("an item that cannot be sent ends a spawnMap, and cancels what was begun", async () => {
  const server = new MapServer();
  await ScriptedServer.open(server.script(double));
  await expect(remote().spawnMap([1, (() => 2) as never])).rejects.toMatchObject({
    code: "VALUE_NOT_SERIALISABLE",
  });
  expect(server.cancelled).toEqual([callId]);
});

test("a full queue is waited for", async () => {
  const server = new MapServer();
  server.refusals = 2;
  await ScriptedServer.open(server.script(double));
  expect(await Array.fromAsync(remote().map([1, 2]))).toEqual([2, 4]);
});

test("a source that fails, and an item that cannot be sent, end the map with their error", async () => {
  const server = new MapServer();
  await ScriptedServer.open(server.script(double));
  const broken = (async function* () {
    yield 1;
    throw new Error("the source broke");
  })();
  await expect(Array.fromAsync(remote().map(broken))).rejects.toThrow("the source broke");
  await expect(Array.fromAsync(remote().map([1, (() => 2) as never]))).rejects.toMatchObject({
    code: "VALUE_NOT_SERIALISABLE",
  });
  expect(server.cancelled).toEqual([callId, callId]);
});

test("a map ends when its signal aborts, and its call is cancelled", async () => {
  const server = new MapServer();
  await ScriptedServer.open(server.script(() => new Promise<never>(() => undefined)));
  const stop = new AbortController();
  const results = Array.fromAsync(remote().map([1, 2], { signal: stop.signal }));
  setTimeout(() => stop.abort(new Error("enough")), 100);
  await expect(results).rejects.toThrow("enough");
  expect(server.cancelled).toEqual([callId]);
});

test("a map waits for room on a server's full disk, for a minute [L4]", async () => {
  const server = new MapServer();
  server.refusals = 3;
  server.refusal = "STORAGE_FULL";
  await ScriptedServer.open(server.script(double));
  expect(await Array.fromAsync(remote().map([1, 2, 3]))).toEqual([2, 4, 6]);
  server.refusals = 1_000;
  const startedAtMs = performance.now();
  let asked = 0;
  vi.spyOn(performance, "now").mockImplementation(() => startedAtMs + (asked += 1) * 20_000);
  onTestFinished(() => void vi.restoreAllMocks());
  await expect(Array.fromAsync(remote().map([1]))).rejects.toMatchObject({ code: "STORAGE_FULL" });
  expect(server.refusals).toBeGreaterThan(990);
});
