import { App } from "@dorian/sdk";
import { expect, test } from "vitest";
import { runInProcess } from "../run-in-process.ts";

test("an enter hook that failed is tried again for the next request", async () => {
  let tries = 0;
  class Model {
    load() {
      tries += 1;
      if (tries === 1) throw new RangeError("no weights yet");
    }
    show() {
      return new Response("here");
    }
  }
  const app = new App("begins-anew");
  app.cls({}, Model, { enter: ["load"], web: { show: {} } });
  await using _ = await runInProcess(app);
  const url = await app.instance(Model).show.url();
  expect((await fetch(url)).status).toBe(500);
  expect(await (await fetch(url)).text()).toBe("here");
  expect(tries).toBe(2);
});
