import { DataFormat, GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleGuest } from "./bundle/bundle-guest.ts";
import { guestFiles } from "./bundle/guest-file.ts";
import { ScriptedContainer } from "../test/scripted-container.ts";

let cacheDirectory: string;
let guest: string;

beforeAll(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), "guest-bundle-"));
  guest = join(await bundleGuest({ cacheDirectory }), guestFiles.module);
});

afterAll(() => rm(cacheDirectory, { recursive: true }));

/** A container of a function that runs on batches of up to three, whose body is given. */
const start = (body: string, more = "") =>
  ScriptedContainer.start({
    guest,
    tag: "work",
    definition: { batchMaxSize: 3, batchLingerMs: 10n },
    files: {
      "app.ts": `import { App, currentInput } from "dorian";\nconst app = new App("demo");\n${more}\nexport const work = app.function({ name: "work", batched: { maxBatchSize: 3, waitMs: 10 } }, ${body});\n`,
    },
  });

test("a batch is one run: a list for each parameter, and each input gets its own result", async () => {
  await using container = await start(
    `async (numbers: number[], factors: number[]) => numbers.map((n, i) => [n * (factors[i] ?? 1), runs += 1 / numbers.length])`,
    "let runs = 0;",
  );
  const inputs = [container.send([2, 3]), container.send([5, 7]), container.send([11])];
  expect(await Promise.all(inputs.map((input) => container.value(input)))).toEqual([
    [6, expect.closeTo(1 / 3)],
    [35, expect.closeTo(2 / 3)],
    [11, expect.closeTo(1)],
  ]);
  container.killSwitch();
  expect(await container.exited).toBe(0);
});

test("an error in a result's place fails that input alone, one that is thrown all of them, told once", async () => {
  await using container = await start(
    `async (words: string[]) => {
      if (words.includes("all")) throw new RangeError("none of them");
      return words.map((word) => (word === "bad" ? new TypeError("not this one") : word.toUpperCase()));
    }`,
  );
  const [good, bad] = [container.send(["good"]), container.send(["bad"])];
  expect(await container.value(good)).toBe("GOOD");
  expect((await container.output(bad)).result).toMatchObject({
    status: Status.FAILURE,
    exception: "TypeError: not this one",
  });
  const all = [container.send(["all"]), container.send(["fine"])];
  for (const input of all)
    expect((await container.output(input)).result?.exception).toBe("RangeError: none of them");
  await container.until(() => container.stderr.includes("none of them"));
  container.killSwitch();
  await container.exited;
  expect(container.stderr.match(/none of them/g)).toHaveLength(1);
});

test("an input whose arguments cannot be read fails alone, and the rest of its batch is run", async () => {
  await using container = await start(`async (words: string[]) => words.map((word) => word + words.length)`);
  const unreadable = { dataFormat: DataFormat.ASGI };
  const inputs = [container.send(["a"]), container.send(["b"], unreadable), container.send(["c"])] as const;
  expect(await container.value(inputs[0])).toBe("a2");
  expect((await container.output(inputs[1])).result?.exception).toContain("format ASGI");
  expect(await container.value(inputs[2])).toBe("c2");
});

test("what is no list of the right length fails the batch, and says so", async () => {
  await using container = await start(`async (words: string[]) => words.slice(1)`);
  const inputs = [container.send(["a"]), container.send(["b"])];
  for (const input of inputs)
    expect((await container.output(input)).result?.exception).toContain(
      "a batch of 2 inputs with a list of 1",
    );
});

test("a batch that nobody waits for any more is told to stop", async () => {
  await using container = await start(
    `async (words: string[]) => {
      console.log("began with " + words.length);
      await new Promise((resolve) => currentInput()?.signal.addEventListener("abort", resolve));
      console.log("stopped");
      return words;
    }`,
  );
  container.send(["a"]);
  const last = container.send(["b"]);
  await container.until(() => container.stdout.includes("began with 2"));
  container.cancel(last);
  await container.until(() => container.stdout.includes("stopped"));
  expect((await container.output(last)).result?.status).toBe(Status.TERMINATED);
});
