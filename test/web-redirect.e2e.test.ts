import { openControlPlane } from "@dorian/control-plane/compose";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { runningServer } from "@dorian/testkit/running-server";
import { Function } from "dorian";
import { pino } from "pino";
import { expect, test } from "vitest";

const lateApp = `
import { App } from "dorian";
export const app = new App("late");
const { promise, resolve } = Promise.withResolvers<void>();
let asked = 0;
export const page = app.web({ name: "page", maxConcurrentInputs: 10, maxContainers: 1 }, async (request) => {
  if (new URL(request.url).pathname === "/release") resolve();
  else asked += 1;
  await promise;
  return new Response(request.method + " " + (await request.text()) + ", asked " + asked + " time");
});
`;

/** A server in this process, whose clients wait no longer than `redirectAfterMs`, and a worker. */
async function impatientServer(dataDirectory: string, redirectAfterMs: number): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  starting.use(
    await openControlPlane({
      dataDirectory,
      listen: "127.0.0.1:0",
      version: "0.0.0",
      web: { ports: { first: 0, last: 0 }, redirectAfterMs },
      logger: pino({ level: "silent" }),
    }),
  );
  starting.use(await DorianProcess.start({ dataDirectory, command: "worker" }));
  const resources = starting.move();
  return { [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

test("a client whose answer takes long is sent back for it until it is there, and its request runs once [R5]", async () => {
  await using server = await runningServer({
    apps: [lateApp],
    start: (dataDirectory) => impatientServer(dataDirectory, 500),
  });
  void server;
  const url = await Function.fromName("late", "page").url();
  const first = await fetch(`${url}/report`, { method: "POST", body: "rows", redirect: "manual" });
  expect(first.status).toBe(303);
  const again = new URL(first.headers.get("location") ?? "", url);
  expect(again.pathname).toBe("/report");
  const still = await fetch(again, { redirect: "manual" });
  expect([still.status, new URL(still.headers.get("location") ?? "", url).href]).toEqual([303, again.href]);
  expect((await fetch(`${url}/release`)).status).toBe(200);
  expect(await (await fetch(again)).text()).toBe("POST rows, asked 1 time");
  expect((await fetch(again)).status).toBe(404);
});
