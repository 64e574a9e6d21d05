import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { errnoOf } from "@dorian/base/app-error";
import { WebhookConfigSchema } from "@dorian/protocol/modal";
import { pino } from "pino";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../test/catalog-server.ts";
import { openDatabase } from "../database/database.ts";
import { Journal } from "../database/journal.ts";
import type { WebFunction } from "../dispatch/ports.ts";
import { WebAddressBook } from "./web-address-book.ts";
import { WebListeners, type PortRange } from "./web-listeners.ts";
import type { WebNaming } from "./web-naming.ts";

/**
 * The first of three ports that nobody has: below those that the kernel gives to whoever asks for any, as other tests do
 * meanwhile.
 */
async function firstOfFreePorts(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    await using taken = new AsyncDisposableStack();
    try {
      for (const port of [first, first + 1, first + 2]) taken.use(await listenAt(port));
      return first;
    } catch (error) {
      if (errnoOf(error) !== "EADDRINUSE") throw error;
    }
  }
}

async function listenAt(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

interface Opened extends AsyncDisposable {
  book: WebAddressBook;
  listeners: WebListeners;
  stopped: Set<string>;
  give(web: Partial<WebFunction> & { requested?: string }): Promise<string>;
}

async function openBook(
  directory: string,
  { range = { first: 0, last: 0 }, naming }: { range?: PortRange; naming?: WebNaming } = {},
): Promise<Opened> {
  await using starting = new AsyncDisposableStack();
  const db = await openDatabase(`${directory}/state.db`);
  starting.defer(() => db.destroy());
  const journal = starting.use(new Journal(db));
  const logger = pino({ level: "silent" });
  const listeners = starting.use(new WebListeners({ host: "127.0.0.1", range, logger }));
  listeners.serve({
    request: async (_incoming, response) => void response.writeHead(204).end(),
    upgrade: async (_incoming, socket) => void socket.destroy(),
  });
  const stopped = new Set<string>();
  let now = 0;
  const book = await WebAddressBook.open({
    db,
    listeners,
    naming: naming ?? { kind: "ports", scheme: "http", host: "127.0.0.1" },
    isOpen: (appId) => !stopped.has(appId),
    labelPrefix: () => "",
    logger,
    nowMs: () => now++,
  });
  const parts = starting.move();
  return {
    book,
    listeners,
    stopped,
    async give({ requested = "", ...web }) {
      const config: MessageInitShape<typeof WebhookConfigSchema> = { requestedSuffix: requested };
      const given = await journal.write(
        (trx) =>
          book.allocate(trx, {
            appId: "ap-1",
            appName: "shop",
            scope: "main",
            tag: "page",
            ephemeral: false,
            ...web,
            config: create(WebhookConfigSchema, config),
          }),
        ({ committed }) => committed(),
      );
      return given.url;
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

test("each web function has an address of its own, the same at every deploy and after a restart", async () => {
  const directory = await temporaryDirectory();
  const first = await firstOfFreePorts();
  const range = { first, last: first + 2 };
  let urls: string[];
  {
    await using open = await openBook(directory, { range });
    urls = [await open.give({}), await open.give({ tag: "Model.page" })];
    expect(new Set(urls).size).toBe(2);
    expect(await open.give({})).toBe(urls[0]);
    const port = Number(new URL(urls[0] ?? "").port);
    expect(open.book.siteAt(port, "whatever")).toEqual({ appId: "ap-1", tag: "page" });
    expect((await fetch(urls[0] ?? "")).status).toBe(204);
  }
  await using again = await openBook(directory, { range });
  expect(again.book.urlOf("ap-1", "page")).toBe(urls[0]);
  expect((await fetch(urls[1] ?? "")).status).toBe(204);
  expect(await again.give({ tag: "Model.page" })).toBe(urls[1]);
});

test("the address stays when the app gets its name, and when another app of its name follows a stopped one", async () => {
  await using open = await openBook(await temporaryDirectory());
  const url = await open.give({ appName: "shop.py" });
  expect(await open.give({ appName: "shop" })).toBe(url);
  open.stopped.add("ap-1");
  expect(await open.give({ appId: "ap-2", appName: "shop.py" })).toBe(url);
  expect(open.book.urlOf("ap-1", "page")).toBeUndefined();
});

test("two apps that run at once under one name have two addresses", async () => {
  await using open = await openBook(await temporaryDirectory());
  const [first, second, run] = [
    await open.give({}),
    await open.give({ appId: "ap-2" }),
    await open.give({ appId: "ap-3", ephemeral: true }),
  ];
  expect(new Set([first, second, run]).size).toBe(3);
});

test("ports that others have are left out, and those of stopped apps are used again when there is no other", async () => {
  const port = await firstOfFreePorts();
  await using _other = await listenAt(port);
  const range = { first: port, last: port + 2 };
  await using open = await openBook(await temporaryDirectory(), { range });
  expect(await open.give({ tag: "a" })).toBe(`http://127.0.0.1:${port + 1}`);
  expect(await open.give({ appId: "ap-2", tag: "b" })).toBe(`http://127.0.0.1:${port + 2}`);
  await expect(open.give({ appId: "ap-3", tag: "c" })).rejects.toMatchObject({ code: "WEB_PORTS_EXHAUSTED" });
  open.stopped.add("ap-2");
  expect(await open.give({ appId: "ap-3", tag: "c" })).toBe(`http://127.0.0.1:${port + 2}`);
  expect(open.book.urlOf("ap-2", "b")).toBeUndefined();
});

test("when another program has the port by now, the next deploy says another one", async () => {
  const directory = await temporaryDirectory();
  const first = await firstOfFreePorts();
  const range = { first, last: first + 2 };
  let url: string;
  {
    await using open = await openBook(directory, { range });
    url = await open.give({});
  }
  await using _other = await listenAt(Number(new URL(url).port));
  await using again = await openBook(directory, { range });
  expect(await again.give({})).not.toBe(url);
});

test("under a domain, host names say which function is meant", async () => {
  const directory = await temporaryDirectory();
  const domain = { kind: "domain", scheme: "https", domain: "apps.example", port: undefined } as const;
  await using open = await openBook(directory, { naming: domain });
  expect(await open.give({ tag: "Model.page" })).toBe("https://shop-model-page.apps.example");
  expect(await open.give({ tag: "other", requested: "Front Door" })).toBe("https://front-door.apps.example");
  expect(open.book.siteAt(80, "FRONT-door.apps.example:443")).toEqual({ appId: "ap-1", tag: "other" });
  expect(open.book.siteAt(80, "other.apps.example")).toBeUndefined();
  expect(open.book.siteAt(80, "apps.example")).toBeUndefined();
});

test("a function whose label the user changes keeps its port", async () => {
  await using open = await openBook(await temporaryDirectory());
  const url = await open.give({});
  expect(await open.give({ requested: "front" })).toBe(url);
});
