import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { dispatchFixture } from "../../test/dispatch-fixture.ts";
import { bytes, webScript } from "../../test/scripted-web-app.ts";
import { openWeb } from "../../test/web-fixture.ts";
import { openDatabase } from "../database/database.ts";
import { Journal } from "../database/journal.ts";
import { ProxyTokens } from "./proxy-tokens.ts";

const fixture = dispatchFixture();

async function openTokens(elapsedMs: () => number = () => 0) {
  const directory = await mkdtemp(join(tmpdir(), "dorian-proxy-tokens-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const db = await openDatabase(join(directory, "state.db"));
  onTestFinished(() => db.destroy());
  const journal = new Journal(db);
  return {
    db,
    journal,
    tokens: await ProxyTokens.load({
      db,
      journal,
      nowMs: () => 0,
      elapsedMs,
      isLive: (made) => made === "maker",
    }),
  };
}

test("a token for a while ends when nobody has come with it for so long, and is in no database", async () => {
  let elapsed = 0;
  const { tokens, journal, db } = await openTokens(() => elapsed);
  const make = (idleMs?: number) =>
    journal.write(
      (trx) =>
        tokens.create(trx, { name: "t", isScoped: false, createdBy: "maker", ...(idleMs && { idleMs }) }),
      ({ committed }) => committed(),
    );
  const [brief, lasting] = [await make(1_000), await make()];
  const admitted = (made: typeof brief) => tokens.admit(made.tokenId, made.tokenSecret, "main") !== undefined;
  elapsed = 900;
  expect(admitted(brief)).toBe(true);
  elapsed = 1_800;
  expect([admitted(brief), tokens.list().length]).toEqual([true, 2]);
  elapsed = 2_800;
  expect([admitted(brief), admitted(lasting)]).toEqual([false, true]);
  expect(tokens.list().map(({ tokenId }) => tokenId)).toEqual([lasting.tokenId]);
  expect(() => tokens.require(brief.tokenId)).toThrow("There is no proxy token");
  const rows = await db.selectFrom("proxy_token").select("token_id").execute();
  expect(rows).toEqual([{ token_id: lasting.tokenId }]);
});

test("a token for a while lasts as long as a request that came with it, and cannot be changed", async () => {
  let elapsed = 0;
  const { tokens, journal } = await openTokens(() => elapsed);
  const { tokenId, tokenSecret } = await journal.write(
    (trx) => tokens.create(trx, { name: "t", isScoped: false, createdBy: "maker", idleMs: 1_000 }),
    ({ committed }) => committed(),
  );
  const ended: string[] = [];
  const request = tokens.admit(tokenId, tokenSecret, "main");
  request?.onEnd(({ code }) => ended.push(code));
  elapsed = 5_000;
  expect(tokens.list().map((each) => each.tokenId)).toEqual([tokenId]);
  await expect(tokens.update(tokenId, { name: "other" })).rejects.toMatchObject({
    code: "PROXY_TOKEN_TEMPORARY",
  });
  await tokens.remove(tokenId);
  expect([tokens.list(), ended]).toEqual([[], ["PROXY_TOKEN_NOT_FOUND"]]);
});

/** Answers with one part, accepts a websocket, and has nothing more to say until its client has gone. */
const endless = webScript(async ({ receive, send }) => {
  const first = await receive();
  if (first.case === "websocketConnect") await send({ case: "websocketAccept", value: {} });
  else {
    await send({ case: "httpResponseStart", value: { status: 200, headers: [] } });
    await send({ case: "httpResponseBody", value: { body: bytes("first"), moreBody: true } });
  }
  await receive();
});

test.each([
  ["is deleted", (tokens: ProxyTokens, id: string) => tokens.remove(id)],
  [
    "loses its environment",
    (tokens: ProxyTokens, id: string) => tokens.update(id, { environments: ["other"] }),
  ],
  ["was made with one that ends", (tokens: ProxyTokens) => tokens.makerEnded("maker")],
])(
  "answers and websockets that last are cut when their proxy token %s, those of others last [B13]",
  async (_, end) => {
    const { tokens, journal } = await openTokens();
    const make = async (createdBy: string) => {
      const made = await journal.write(
        (trx) => tokens.create(trx, { name: "t", isScoped: false, createdBy }),
        ({ committed }) => committed(),
      );
      return { "modal-key": made.tokenId, "modal-secret": made.tokenSecret };
    };
    const [mine, others] = [await make("maker"), await make("")];
    await using web = await openWeb(fixture, {
      script: endless,
      config: { requiresProxyAuth: true },
      gateway: { tokens },
    });
    const begin = async (headers: Record<string, string>) => {
      const reader = (await fetch(web.url, { headers })).body?.getReader();
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first");
      const socket = new WebSocket(web.url.replace("http", "ws"), { headers });
      await once(socket, "open");
      return { reader, socket };
    };
    const [cut, kept] = [await begin(mine), await begin(others)];
    const closed = once(cut.socket, "close");
    const broken = cut.reader?.read().catch((error: Error) => error.message);
    await end(tokens, mine["modal-key"]);
    await closed;
    expect(await broken).toBe("terminated");
    expect((await fetch(web.url, { headers: mine })).status).toBe(401);
    expect(kept.socket.readyState).toBe(WebSocket.OPEN);
    await kept.reader?.cancel();
    kept.socket.terminate();
  },
);
