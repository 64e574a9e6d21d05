import { execFile } from "node:child_process";
import { closeSync as close, constants, existsSync, open, openAsBlob, openSync, readFileSync } from "node:fs";
import { mkdir, open as openFile, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  App,
  CloudBucketMount,
  Cls,
  Cron,
  Dict,
  Environment,
  Function,
  FunctionTimeoutError,
  Period,
  Queue,
  RemoteError,
  Secret,
  Volume,
  currentInput,
  currentTaskId,
} from "@dorian/sdk";
import { afterEach, describe, expect, test } from "vitest";
import { runInProcess } from "./run-in-process.ts";

const never = () => new Promise<never>(() => {});

describe("calls", () => {
  test("remote, map, starmap, forEach, spawn and generators lead to the function's code", async () => {
    const app = new App("calls");
    const add = app.function({ name: "add" }, async (a: number, b = 1) => a + b);
    const countTo = app.function({ name: "countTo" }, async function* (limit: number) {
      for (let number = 1; number <= limit; number++) yield number;
    });
    const seen: number[] = [];
    const note = app.function({ name: "note" }, async (x: number) => void seen.push(x));
    await using _ = await runInProcess(app);
    expect(await add.remote(1, 2)).toBe(3);
    expect(await Array.fromAsync(add.map([1, 2, 3]))).toEqual([2, 3, 4]);
    expect(
      await Array.fromAsync(
        add.starmap([
          [1, 1],
          [2, 2],
        ]),
      ),
    ).toEqual([2, 4]);
    expect(await Array.fromAsync(countTo.remote(3))).toEqual([1, 2, 3]);
    await note.forEach([3, 1, 2]);
    expect(seen.toSorted()).toEqual([1, 2, 3]);
    const call = await add.spawn(5);
    expect(await call.get()).toBe(6);
    expect(await call.get()).toBe(6);
  });

  test("each result of a call with many inputs is read by its place", async () => {
    const app = new App("many");
    const half = app.function({ name: "half" }, async (x: number) => {
      if (x < 0) throw new RangeError("below 0");
      return x / 2;
    });
    await using _ = await runInProcess(app);
    const call = await half.spawnMap([2, -1, 6]);
    expect(await call.inputCount()).toBe(3);
    expect(await call.get({ index: 2 })).toBe(3);
    const results = await Array.fromAsync(call.results({ returnExceptions: true }));
    expect(results).toEqual([1, expect.objectContaining({ name: "RangeError" }), 3]);
    await expect(call.get({ index: 3 })).rejects.toMatchObject({ code: "INPUT_NOT_IN_CALL" });
  });

  test("what could not travel fails here, too, with its place", async () => {
    const app = new App("values");
    const echo = app.function({ name: "echo" }, async (value: unknown) => value);
    const giveSocket = app.function({ name: "giveSocket" }, async () => ({ socket: () => {} }));
    await using _ = await runInProcess(app);
    const sent = { when: new Date(0), set: new Set([1]), big: 2n ** 70n };
    const received = await echo.remote(sent);
    expect(received).toEqual(sent);
    expect(received).not.toBe(sent);
    await expect(echo.remote({ socket: () => {} })).rejects.toMatchObject({ code: "VALUE_NOT_SERIALISABLE" });
    await expect(giveSocket.remote()).rejects.toThrow("socket");
  });

  test("an error of the code arrives as one from a container", async () => {
    class Unpaid extends Error {
      override readonly name = "Unpaid";
      readonly amount = 7;
    }
    const app = new App("errors");
    const pay = app.function({ name: "pay" }, async () => {
      throw new Unpaid("not paid", { cause: new TypeError("no card") });
    });
    await using run = await runInProcess(app);
    const error = await pay.remote().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).not.toBeInstanceOf(Unpaid);
    expect(error).toMatchObject({
      name: "Unpaid",
      message: "not paid",
      amount: 7,
      cause: { name: "TypeError" },
    });
    expect(run.log.join("\n")).toContain("Unpaid: not paid");
  });

  test("functions call each other, also across apps, and know whose input they work on", async () => {
    const prices = new App("prices");
    prices.function({ name: "priceOf" }, async (item: string) => item.length);
    const shop = new App("shop");
    const who = shop.function({ name: "who" }, async () => [currentInput()?.inputId, currentTaskId()]);
    const total = shop.function({ name: "total" }, async (items: string[]) => {
      const priceOf = Function.fromName<(item: string) => Promise<number>>("prices", "priceOf");
      const each = await Array.fromAsync(priceOf.map(items));
      return {
        sum: each.reduce((a, b) => a + b, 0),
        mine: currentInput()?.inputId,
        theirs: await who.remote(),
      };
    });
    await using _ = await runInProcess([shop, prices]);
    const { sum, mine, theirs } = await total.remote(["tea", "bread"]);
    expect(sum).toBe(8);
    expect(mine).toMatch(/^in-/);
    expect(theirs).toEqual([expect.stringMatching(/^in-/), expect.stringMatching(/^ta-/)]);
    expect(theirs[0]).not.toBe(mine);
    expect(currentInput()).toBeUndefined();
    await expect(Function.fromName("stock", "left").remote()).rejects.toMatchObject({
      code: "APP_NOT_FOUND",
    });
    await expect(Function.fromName("prices", "left").remote()).rejects.toMatchObject({
      code: "FUNCTION_NOT_FOUND",
    });
  });

  test("a call that is cancelled ends, and its code is told", async () => {
    const app = new App("cancelled");
    const begun = Promise.withResolvers<void>();
    const told = Promise.withResolvers<unknown>();
    const wait = app.function({ name: "wait" }, async () => {
      const signal = currentInput()?.signal;
      signal?.addEventListener("abort", () => told.resolve(signal.reason));
      begun.resolve();
      await never();
    });
    await using _ = await runInProcess(app);
    const call = await wait.spawn();
    await begun.promise;
    await expect(call.get({ timeoutMs: 20 })).rejects.toMatchObject({ code: "CALL_NOT_FINISHED" });
    await call.cancel();
    await expect(call.get()).rejects.toMatchObject({ code: "CALL_CANCELLED" });
    expect(await told.promise).toMatchObject({ name: "InputCancelled" });
  });
});

test("a batch is told to stop when nobody waits for any of it, and not before", async () => {
  const app = new App("batch");
  const begun = Promise.withResolvers<AbortSignal | undefined>();
  const gate = Promise.withResolvers<void>();
  const wait = app.function(
    { name: "wait", batched: { maxBatchSize: 3, waitMs: 60_000 } },
    async (numbers: readonly number[]) => {
      const signal = currentInput()?.signal;
      begun.resolve(signal);
      await gate.promise;
      return numbers.map(() => signal?.aborted);
    },
  );
  await using run = await runInProcess(app);
  const [first, second, third] = [await wait.spawn(1), await wait.spawn(2), await wait.spawn(3)];
  const signal = await begun.promise;
  await first.cancel();
  await second.cancel();
  await run.clock.advance(0);
  expect(signal?.aborted).toBe(false);
  const told = new Promise((resolve) => signal?.addEventListener("abort", resolve));
  await third.cancel();
  await told;
  gate.resolve();
});

describe("classes", () => {
  class Counter {
    start = 0;
    step = 1;
    events: string[] = ["made"];
    enter() {
      this.events.push(`entered with ${this.start}`);
    }
    async next() {
      this.events.push("next");
      this.start += this.step;
      return this.start;
    }
    async *several(many: number) {
      for (let index = 0; index < many; index++) yield this.start + index;
    }
    async history() {
      return this.events;
    }
    exit() {
      ended.push(this.start);
    }
  }
  let ended: number[] = [];
  afterEach(() => (ended = []));

  function counting() {
    const app = new App("counting");
    app.cls({ scaledownWindow: 30 }, Counter, {
      enter: ["enter"],
      exit: ["exit"],
      methods: ["next", "several", "history"],
      parameters: ["start", "step"],
    });
    return app;
  }

  test("each set of parameters has a container of its own, which keeps its state between calls", async () => {
    const app = counting();
    await using _ = await runInProcess(app);
    const [one, other] = [app.instance(Counter), app.instance(Counter, { start: 10, step: 5 })];
    expect([await one.next.remote(), await one.next.remote(), await other.next.remote()]).toEqual([1, 2, 15]);
    // Equal parameters are the same containers, whoever asks, and whether they are said or not.
    expect(await app.instance(Counter, { start: 0 }).next.remote()).toBe(3);
    const found = Cls.fromName<typeof Counter>("counting", "Counter").instance({ step: 5, start: 10 });
    expect(await found.next.remote()).toBe(20);
    expect(await Array.fromAsync(found.several.remote(2))).toEqual([20, 21]);
    expect(await other.history.remote()).toEqual(["made", "entered with 10", "next", "next"]);
  });

  test("exit hooks run when a container has been idle for its window, and at the end of the run", async () => {
    const app = counting();
    {
      await using run = await runInProcess(app);
      await app.instance(Counter).next.remote();
      await run.clock.advance(29_000);
      expect(ended).toEqual([]);
      await run.clock.advance(2_000);
      expect(ended).toEqual([1]);
      // A new container begins anew.
      expect(await app.instance(Counter, { start: 40 }).next.remote()).toBe(41);
    }
    expect(ended).toEqual([1, 41]);
  });

  test("an enter hook that throws fails the calls that wait", async () => {
    class Broken {
      async load() {
        throw new RangeError("no weights");
      }
      async work() {}
    }
    const app = new App("broken");
    app.cls({}, Broken, { enter: ["load"], methods: ["work"] });
    await using _ = await runInProcess(app);
    await expect(app.instance(Broken).work.remote()).rejects.toThrow("no weights");
  });
});

describe("options", () => {
  test("what fails is tried again, after the delays of its policy", async () => {
    const app = new App("retries");
    let tries = 0;
    const flaky = app.function(
      { name: "flaky", retries: { maxRetries: 2, initialDelay: 60, backoffCoefficient: 2 } },
      async () => {
        if (++tries < 3) throw new Error("not yet");
        return tries;
      },
    );
    await using run = await runInProcess(app);
    const call = await flaky.spawn();
    await run.clock.advance(59_000);
    expect(tries).toBe(1);
    await run.clock.advance(2_000);
    expect(tries).toBe(2);
    await run.clock.advance(121_000);
    expect(await call.get()).toBe(3);
  });

  test("what is returned is not tried again: an error as little as a result that cannot be sent", async () => {
    class Own extends Error {}
    const app = new App("returned");
    let tries = 0;
    const give = app.function({ name: "give", retries: 2 }, async (isOwn: boolean) => {
      tries += 1;
      return isOwn ? new Own("no") : new RangeError("no");
    });
    await using _ = await runInProcess(app);
    expect(await give.remote(false)).toBeInstanceOf(RangeError);
    await expect(give.remote(true)).rejects.toThrow("Cannot send the result: it is an Own");
    expect(tries).toBe(2);
  });

  test("an input that takes longer than its timeout fails, and the next has a new container", async () => {
    const app = new App("slow");
    const slow = app.function({ name: "slow", timeout: 10 }, async (isSlow: boolean) => {
      if (isSlow) await never();
      return currentTaskId();
    });
    await using run = await runInProcess(app);
    const before = await slow.remote(false);
    const call = await slow.spawn(true);
    await run.clock.advance(10_000);
    await expect(call.get()).rejects.toBeInstanceOf(FunctionTimeoutError);
    expect(await slow.remote(false)).not.toBe(before);
  });

  test("a container works on as many inputs at once as it says, and there are no more containers than allowed", async () => {
    const app = new App("concurrent");
    let [now, most] = [0, 0];
    const [tasks, worked] = [new Set<string | undefined>(), new Set<number>()];
    const work = app.function(
      { name: "work", maxContainers: 2, maxConcurrentInputs: 3 },
      async (index: number) => {
        worked.add(index);
        most = Math.max(most, ++now);
        tasks.add(currentTaskId());
        await new Promise((resolve) => setTimeout(resolve, 5));
        now -= 1;
      },
    );
    await using _ = await runInProcess(app);
    await work.forEach(Array.from({ length: 30 }).keys());
    expect(most).toBe(6);
    expect([tasks.size, worked.size]).toEqual([2, 30]);
  });

  test("containers that work are told from those that wait, with the places that are free", async () => {
    const app = new App("counted");
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const options = { name: "work", minContainers: 2, maxContainers: 2, maxConcurrentInputs: 3 };
    const work = app.function(options, async () => {
      begun.resolve();
      await gate.promise;
    });
    await using run = await runInProcess(app);
    await run.clock.advance(0);
    const idle = { backlog: 0, containers: 2, activeContainers: 0, runningInputs: 0, inputHeadroom: 6 };
    expect(await work.getCurrentStats()).toEqual(idle);
    const call = await work.spawn();
    await begun.promise;
    const busy = { ...idle, activeContainers: 1, runningInputs: 1, inputHeadroom: 5 };
    expect(await work.getCurrentStats()).toEqual(busy);
    gate.resolve();
    await call.get();
    expect(await work.getCurrentStats()).toEqual(idle);
  });

  test("a variant has the variables that it is given", async () => {
    const app = new App("variant");
    const size = app.function({ name: "size", env: { SIZE: "small" } }, async () => process.env["SIZE"]);
    await using _ = await runInProcess(app);
    expect(await size.withOptions({ env: { SIZE: "large" } }).remote()).toBe("large");
    expect(await size.remote()).toBe("small");
  });

  test("a container has an environment to itself: its own variables and secrets, and none of the test's", async () => {
    const app = new App("env", { secrets: [Secret.fromName("hub", { requiredKeys: ["TOKEN"] })] });
    process.env["ONLY_OUTSIDE"] = "1";
    process.env["NODE_AUTH_TOKEN"] = "secret";
    try {
      const look = app.function(
        { name: "look", env: { SIZE: "a" }, secrets: [Secret.fromObject({ KEY: "k" })] },
        async () => {
          const { SIZE, KEY, TOKEN, ONLY_OUTSIDE, NODE_AUTH_TOKEN } = process.env;
          const { stdout } = await promisify(execFile)(process.execPath, ["-p", "process.env.TOKEN"]);
          process.env["LEFT"] = "behind";
          return {
            SIZE,
            KEY,
            TOKEN,
            ONLY_OUTSIDE,
            NODE_AUTH_TOKEN,
            child: stdout.trim(),
            names: Object.keys(process.env).includes("KEY"),
          };
        },
      );
      const other = app.function({ name: "other" }, async () => [process.env["SIZE"], process.env["LEFT"]]);
      await using _ = await runInProcess(app, { secrets: { hub: { TOKEN: "t" } } });
      expect(await look.remote()).toEqual({ SIZE: "a", KEY: "k", TOKEN: "t", child: "t", names: true });
      expect(await other.remote()).toEqual([undefined, undefined]);
      expect([process.env["SIZE"], process.env["LEFT"], process.env["ONLY_OUTSIDE"]]).toEqual([
        undefined,
        undefined,
        "1",
      ]);
    } finally {
      delete process.env["ONLY_OUTSIDE"];
      delete process.env["NODE_AUTH_TOKEN"];
    }
  });

  test("a secret that the test does not give is asked for by name", async () => {
    const app = new App("secretive");
    app.function({ name: "look", secrets: [Secret.fromName("hub")] }, async () => {});
    await expect(runInProcess(app)).rejects.toMatchObject({ code: "SECRET_NOT_FOUND" });
  });
});

describe("volumes", () => {
  test("containers find their volumes at their paths, each at its own, and tests at a directory", async () => {
    const models = Volume.fromName("models", { createIfMissing: true });
    const app = new App("volumes");
    const write = app.function({ name: "write", volumes: { "/vol/out": models } }, async (text: string) => {
      await writeFile("/vol/out/weights", text);
      await models.commit();
      return existsSync("/vol/models/weights");
    });
    const read = app.function({ name: "read", volumes: { "/vol/models": models } }, async () => {
      await models.reload();
      return [readFileSync("/vol/models/weights", "utf8"), await readdir(new URL("file:///vol/models/"))];
    });
    const stranger = app.function({ name: "stranger" }, async () => {
      await models.commit();
    });
    await using run = await runInProcess(app);
    expect(await write.remote("1 2 3")).toBe(false);
    expect(await read.remote()).toEqual(["1 2 3", ["weights"]]);
    const directory = await run.directory(models);
    expect(await readFile(join(directory, "weights"), "utf8")).toBe("1 2 3");
    expect(existsSync("/vol/models/weights")).toBe(false);
    await expect(stranger.remote()).rejects.toMatchObject({ code: "VOLUME_NOT_MOUNTED" });
    await expect(models.commit()).rejects.toMatchObject({ code: "NOT_IN_CONTAINER" });
    await run[Symbol.asyncDispose]();
    expect(existsSync(directory)).toBe(false);
  });

  test("no volume counts as mounted for another's sake, however many there are", async () => {
    const volumes = Array.from({ length: 10 }, (_, index) =>
      Volume.fromName(`volume-${index}`, { createIfMissing: true }),
    );
    const app = new App("many-volumes");
    const commit = app.function({ name: "commit" }, async () => await volumes[0]?.commit());
    await using run = await runInProcess(app);
    for (const volume of volumes) await run.directory(volume);
    const last = volumes.at(-1) as Volume;
    await expect(commit.withOptions({ volumes: { "/vol": last } }).remote()).rejects.toMatchObject({
      code: "VOLUME_NOT_MOUNTED",
    });
  });
});

test("what only reads finds the files of a volume that is mounted read-only, in each way to open it", async () => {
  const models = Volume.fromName("models", { createIfMissing: true });
  const app = new App("readers");
  const volumes = { "/vol/in": models.withMountOptions({ readOnly: true }) };
  const read = app.function({ name: "read", volumes }, async () => {
    const path = "/vol/in/weights";
    close(await promisify<string, number>(open)(path));
    close(openSync(path, "rs"));
    await using _ = await openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const refused = [
      () => openSync(path, "r+"),
      () => openSync(path, constants.O_RDWR),
      () => openSync("/vol/in/new", constants.O_CREAT),
    ].map((write) => {
      try {
        return write();
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    });
    return [await (await openAsBlob(path)).text(), refused];
  });
  const link = app.function({ name: "link", volumes: { "/vol/out": models } }, async () => {
    await symlink("/vol/out/weights", "/vol/out/latest");
    return await readFile("/vol/out/latest", "utf8");
  });
  await using run = await runInProcess(app);
  await writeFile(join(await run.directory(models), "weights"), "1 2 3");
  expect(await read.remote()).toEqual(["1 2 3", ["EROFS", "EROFS", "EROFS"]]);
  expect(await link.remote()).toBe("1 2 3");
});

describe("batches and schedules", () => {
  test("inputs come in batches: as many as are allowed at once, fewer when the first has waited", async () => {
    const app = new App("batches");
    const sizes: number[] = [];
    const double = app.function(
      { name: "double", batched: { maxBatchSize: 3, waitMs: 60_000 }, maxContainers: 1 },
      async (numbers: readonly number[]) => {
        sizes.push(numbers.length);
        return numbers.map((number) => (number === 5 ? new RangeError("not 5") : 2 * number));
      },
    );
    await using run = await runInProcess(app);
    const results = Promise.allSettled([1, 2, 3, 4, 5].map((number) => double.remote(number)));
    await run.clock.advance(60_000);
    expect(
      (await results).map((each) => (each.status === "fulfilled" ? each.value : each.reason.message)),
    ).toEqual([2, 4, 6, 8, "not 5"]);
    expect(sizes).toEqual([3, 2]);
  });

  test("a schedule runs as the clock is moved, by its time zone", async () => {
    const app = new App("scheduled");
    const ran: string[] = [];
    let now = () => 0;
    const note = (what: string) => void ran.push(`${what} ${new Date(now()).toISOString().slice(5, 16)}`);
    app.function({ name: "daily", schedule: Cron("0 9 * * *", { timeZone: "Europe/Berlin" }) }, async () =>
      note("daily"),
    );
    app.function({ name: "often", schedule: Period({ hours: 20 }) }, async () => note("often"));
    class Cleaner {
      async clean() {
        note("clean");
      }
    }
    app.cls({}, Cleaner, { schedules: { clean: Cron("30 12 1 * *") } });
    await using run = await runInProcess(app, { startAt: new Date("2026-03-28T12:00:00Z") });
    now = () => run.clock.nowMs;
    await run.clock.advance(48 * 3_600_000);
    // Summer began between the two.
    expect(ran).toEqual(["daily 03-29T07:00", "often 03-29T08:00", "often 03-30T04:00", "daily 03-30T07:00"]);
    await run.clock.advance(72 * 3_600_000);
    expect(ran).toContain("clean 04-01T12:30");
  });
});

describe("files of volumes from outside of containers", () => {
  test("are put, listed, read, copied and removed, and containers find them, read-only where they are mounted so", async () => {
    const models = Volume.fromName("models", { createIfMissing: true });
    const app = new App("files");
    const read = app.function(
      { name: "read", volumes: { "/vol/in": models.withMountOptions({ readOnly: true, subPath: "iris" }) } },
      async () => {
        const refused = await writeFile("/vol/in/new", "").catch(({ code }: NodeJS.ErrnoException) => code);
        return [await readFile("/vol/in/weights", "utf8"), refused];
      },
    );
    await using _ = await runInProcess(app);
    // More than one block, with zeros at the end, which are not sent.
    const large = Buffer.concat([Buffer.alloc(9_000_000, "block"), Buffer.alloc(1_000)]);
    await models.batchUpload((batch) => {
      batch.putFile(Buffer.from("1 2 3"), "/iris/weights");
      batch.putFile(large, "/large");
    });
    expect(await read.remote()).toEqual(["1 2 3", "EROFS"]);
    expect(Buffer.compare(await models.readFile("/large"), large)).toBe(0);
    await models.copyFiles(["/iris"], "/copy", { recursive: true });
    await models.removeFile("/large");
    const listed = await Array.fromAsync(models.listFiles("/", { recursive: true }));
    expect(listed.map(({ path, size }) => `${path} ${size}`).toSorted()).toEqual([
      "copy 0",
      "copy/weights 5",
      "iris 0",
      "iris/weights 5",
    ]);
    await expect(models.readFile("/large")).rejects.toMatchObject({ code: "VOLUME_PATH_NOT_FOUND" });
    await expect(models.removeFile("/iris")).rejects.toMatchObject({ code: "PATH_IS_A_DIRECTORY" });
    const again = models.batchUpload((batch) => batch.putFile(Buffer.from("4"), "/iris/weights"));
    await expect(again).rejects.toMatchObject({ code: "VOLUME_FILE_EXISTS" });
    await using scratch = await Volume.ephemeral();
    await scratch.batchUpload((batch) => batch.putFile(Buffer.from("5"), "/note"));
    expect(Buffer.from(await scratch.readFile("note")).toString()).toBe("5");
  });
});

describe("web functions of an app", () => {
  test("listen on a port of loopback from when their address is asked for, as containers", async () => {
    const notes = Volume.fromName("notes", { createIfMissing: true });
    const app = new App("listening", { volumes: { "/notes": notes } });
    const echo = app.web({ name: "echo", env: { GREETING: "hello" } }, async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/fail") throw new RangeError("no such page");
      if (pathname === "/forever")
        return await new Promise<Response>((resolve) =>
          request.signal.addEventListener("abort", () => resolve(new Response())),
        );
      await writeFile("/notes/last", `${process.env.GREETING} ${await request.text()}`);
      return new Response(ReadableStream.from([Buffer.from("one "), Buffer.from("two")]), {
        status: 201,
        headers: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
      });
    });
    const ended: string[] = [];
    class Model {
      size = 1;
      loaded = "";
      load() {
        this.loaded = `size ${this.size}`;
      }
      show(request: Request) {
        return Response.json([this.loaded, request.method]);
      }
      leave() {
        ended.push(this.loaded);
      }
    }
    app.cls({}, Model, { parameters: ["size"], enter: ["load"], exit: ["leave"], web: { show: {} } });
    {
      await using run = await runInProcess(app);
      const url = await echo.url();
      const answer = await fetch(url, { method: "POST", body: "you" });
      expect([answer.status, await answer.text(), answer.headers.getSetCookie()]).toEqual([
        201,
        "one two",
        ["a=1", "b=2"],
      ]);
      expect(await readFile(join(await run.directory(notes), "last"), "utf8")).toBe("hello you");
      expect(await Function.fromName("listening", "echo").url()).toBe(url);
      expect((await fetch(`${url}/fail`)).status).toBe(500);
      expect(run.log.join()).toContain("RangeError: no such page");
      await expect(fetch(`${url}/forever`, { signal: AbortSignal.timeout(50) })).rejects.toThrow("timeout");
      const page = await app.instance(Model, { size: 3 }).show.url();
      expect(await (await fetch(page)).json()).toEqual(["size 3", "GET"]);
      expect(await (await fetch(page.replace("size=3", "size=4"))).json()).toEqual(["size 4", "GET"]);
      expect((await fetch(page.replace("size=3", "size=x"))).status).toBe(400);
    }
    expect(ended.toSorted()).toEqual(["size 3", "size 4"]);
  });
});

test("a call tells what led to it and what it led to; what a test does not have is said in a sentence", async () => {
  const app = new App("graph");
  const leaf = app.function({ name: "leaf" }, async (n: number) => {
    if (n === 2) throw new Error("not 2");
    return n;
  });
  const root = app.function({ name: "root" }, async () => {
    for await (const _ of leaf.map([1, 2], { returnExceptions: true }));
  });
  await using _ = await runInProcess(app);
  const call = await root.spawn();
  await call.get();
  const [top] = await call.callGraph();
  expect(top).toMatchObject({ functionName: "root", status: "succeeded" });
  expect(top?.children.map(({ functionName, status }) => `${functionName} ${status}`)).toEqual([
    "leaf succeeded",
    "leaf failed",
  ]);
  await expect(Array.fromAsync(call.logs())).rejects.toThrow(
    "Logs are not kept in a test: what code prints is printed.",
  );
  await expect(Environment.list()).rejects.toMatchObject({
    code: "TESTING_ABSENT",
    message: "A test has no environments to make, rename, delete or list: each that is named is there.",
  });
});

test("a bucket is a directory, of which a mount shows what begins with its prefix", async () => {
  const results = new CloudBucketMount("pets", { keyPrefix: "results/" });
  const pictures = new CloudBucketMount("pets", { keyPrefix: "pictures/", readOnly: true });
  const app = new App("pets");
  const label = app.function(
    { name: "label", volumes: { "/pictures": pictures, "/results": results } },
    async (name: string) => {
      await writeFile(`/results/${name}`, String((await readFile(`/pictures/${name}`)).length));
      return await writeFile("/pictures/new", "").catch(({ code }: NodeJS.ErrnoException) => code);
    },
  );
  await using run = await runInProcess(app);
  const bucket = await run.directory(pictures);
  await mkdir(join(bucket, "pictures"));
  await writeFile(join(bucket, "pictures/cat"), "12345");
  expect(await label.remote("cat")).toBe("EROFS");
  expect(await readFile(join(bucket, "results/cat"), "utf8")).toBe("5");
});

test("secrets that are given together are all listed, page by page", async () => {
  const names = Array.from({ length: 150 }, (_, index) => `secret-${index}`);
  const secrets = Object.fromEntries(names.map((name) => [name, { KEY: "value" }]));
  const app = new App("many");
  app.function({ name: "one" }, async () => 1);
  await using _ = await runInProcess(app, { secrets });
  expect((await Secret.list()).map(({ name }) => name).toSorted()).toEqual(names.toSorted());
});

test("web functions of an app answer requests, and nothing listens for them before that", async () => {
  const app = new App("web");
  const count = app.function({ name: "count" }, async (text: string) => text.length);
  const hello = app.web({ name: "hello" }, async (request) => {
    return Response.json({ count: await count.remote(await request.text()) });
  });
  app.webServer({ name: "server", port: 1 }, () => {
    throw new Error("This port is not ours.");
  });
  await using _ = await runInProcess(app);
  const answer = await hello.local(new Request("http://local/", { method: "POST", body: "four" }));
  expect(await answer.json()).toEqual({ count: 4 });
});

describe("dicts and queues", () => {
  test("are in memory, shared by all containers and the test, and go by the run's clock", async () => {
    const app = new App("things");
    const note = app.function({ name: "note" }, async (key: string, value: number) => {
      await Dict.fromName<string, number>("notes", { createIfMissing: true }).set(key, value);
      await Queue.fromName<string>("todo", { createIfMissing: true }).put(key, { partitionTtl: 60 });
    });
    await using run = await runInProcess(app);
    await note.remote("a", 1);
    await note.remote("b", 2);
    const notes = Dict.fromName<string, number>("notes");
    expect([await notes.get("a"), await notes.get("c"), await notes.size()]).toEqual([1, undefined, 2]);
    expect(await Array.fromAsync(notes.entries())).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(await notes.pop("a")).toBe(1);
    const todo = Queue.fromName<string>("todo");
    expect(await todo.get()).toBe("a");
    await run.clock.advance(61_000);
    expect(await todo.size()).toBe(0);
    await expect(Dict.fromName("other").get("a")).rejects.toMatchObject({ code: "DICT_NOT_FOUND" });
    await using mine = await Dict.ephemeral<string, string>();
    await mine.set("x", "y");
    expect(await mine.get("x")).toBe("y");
    const waiting = todo.get({ timeout: 10 });
    await todo.put("later");
    expect(await waiting).toBe("later");
  });
});

describe("a run", () => {
  test("is one at a time, and leaves nothing when it is disposed of", async () => {
    const app = new App("once");
    const f = app.function({ name: "f" }, async () => 1);
    const outside = [process.env, readFile] as const;
    {
      await using _ = await runInProcess(app);
      await expect(runInProcess(app)).rejects.toMatchObject({ code: "TESTING_RUNS_ALREADY" });
    }
    expect(process.env).toBe(outside[0]);
    expect(readFile).toBe(outside[1]);
    await expect(f.remote()).rejects.toMatchObject({ code: "APP_NOT_RUNNING" });
    await using again = await runInProcess(app, { startAt: new Date("2026-03-01T00:00:00Z") });
    expect(new Date(again.clock.nowMs).toISOString()).toMatch(/^2026-03-01T00:00/);
  });

  test("has exit hooks call what they call everywhere, at its end, too", async () => {
    const noted: string[] = [];
    const app = new App("ending");
    const note = app.function({ name: "note" }, async (text: string) => void noted.push(text));
    class Worker {
      async work() {}
      async close() {
        const ends = Dict.fromName<string, number>("ends", { createIfMissing: true });
        await ends.set("worker", 1);
        noted.push(`${await ends.size()} end`);
      }
    }
    app.cls({}, Worker, { exit: ["close"], methods: ["work"] });
    {
      await using _ = await runInProcess(app);
      await note.remote("begun");
      await app.instance(Worker).work.remote();
    }
    expect(noted).toEqual(["begun", "1 end"]);
  });

  test("has a clock that goes on after a step that is no number was refused", async () => {
    const app = new App("stepping");
    app.function({ name: "f" }, async () => 1);
    await using run = await runInProcess(app);
    for (const step of [Number.NaN, Infinity, undefined as never])
      await expect(run.clock.advance(step)).rejects.toMatchObject({ code: "OPTION_INVALID" });
    const before = run.clock.nowMs;
    await run.clock.advance(1_000);
    expect(run.clock.nowMs).toBeGreaterThanOrEqual(before + 1_000);
  });

  test("is found by handles that were used in a run before", async () => {
    class Greeter {
      name = "nobody";
      async greet() {
        return `hello ${this.name}`;
      }
    }
    const app = new App("handles");
    app.cls({}, Greeter, { methods: ["greet"], parameters: ["name"] });
    const size = app.function({ name: "size", env: { SIZE: "s" } }, async () => process.env["SIZE"]);
    const handles = [
      size,
      size.withOptions({ env: { SIZE: "l" } }),
      Function.fromName<() => Promise<string>>("handles", "size"),
      app.instance(Greeter, { name: "ada" }).greet,
      Cls.fromName<typeof Greeter>("handles", "Greeter").instance({ name: "bob" }).greet,
    ];
    for (const _ of ["first", "second"]) {
      await using _run = await runInProcess(app);
      const answers = await Promise.all(handles.map((handle) => handle.remote()));
      expect(answers).toEqual(["s", "l", "s", "hello ada", "hello bob"]);
    }
  });

  test("runs the local entrypoint with its arguments", async () => {
    const app = new App("entry");
    const double = app.function({ name: "double" }, async (x: number) => 2 * x);
    app.localEntrypoint(async (x: number) => await double.remote(x));
    await using run = await runInProcess(app);
    expect(await run.localEntrypoint([21])).toBe(42);
  });
});
