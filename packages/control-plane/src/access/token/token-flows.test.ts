import { expect, onTestFinished, test } from "vitest";
import { join } from "node:path";
import { temporaryDirectory } from "../../../test/catalog-server.ts";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
import { TokenFlows } from "./token-flows.ts";
import { Tokens } from "./tokens.ts";

async function open() {
  const db = await openDatabase(join(await temporaryDirectory(), "state.db"));
  const journal = new Journal(db);
  const own = { tokenId: "ak-own", tokenSecret: "as-own" };
  const tokens = await Tokens.load({ db, journal, own, nowMs: Date.now });
  onTestFinished(async () => {
    tokens[Symbol.dispose]();
    await journal[Symbol.asyncDispose]();
    await db.destroy();
  });
  const flows = new TokenFlows({ tokens, elapsedMs: Date.now });
  return { flows, begin: (address: string) => flows.begin({ client: "modal", address, validSecs: 0 }) };
}

const tooMany = expect.objectContaining({ code: "TOKEN_FLOWS_TOO_MANY", status: "RESOURCE_EXHAUSTED" });

test("one peer cannot keep others from asking, with however many addresses of its own network [B17]", async () => {
  const { begin } = await open();
  for (let n = 0; n < 8; n++) begin(`2001:db8::${n}`);
  expect(() => begin("2001:db8:0:0:ffff::")).toThrowError(tooMany);
  begin("203.0.113.9");
});

test("when all places are taken, whoever has the most requests gives one up [B17]", async () => {
  const { flows, begin } = await open();
  const [first] = Array.from({ length: 8 }, () => begin("203.0.113.1"));
  for (let n = 0; n < 9_992; n++) begin(`10.0.${n >> 8}.${n & 255}`);
  const late = begin("203.0.113.200");
  expect(flows.get(late.flowId)).toBeDefined();
  expect(flows.get(first?.flowId ?? "")).toBeUndefined();
});

test("a request of each of many addresses keeps nobody out: the oldest gives way [B17]", async () => {
  const { flows, begin } = await open();
  const many = Array.from({ length: 12_000 }, (_, n) => begin(`10.0.${n >> 8}.${n & 255}`));
  const honest = begin("203.0.113.200");
  expect(flows.get(honest.flowId)).toBeDefined();
  expect(flows.get(many[0]?.flowId ?? "")).toBeUndefined();
  expect(many.filter(({ flowId }) => flows.get(flowId) !== undefined)).toHaveLength(9_999);
});

test("few questions for one request wait at once [B17]", async () => {
  const { flows, begin } = await open();
  const { flowId, waitSecret } = begin("203.0.113.9");
  const gone = new AbortController();
  const ask = () => flows.wait(flowId, waitSecret, { timeoutMs: 60_000, signal: gone.signal });
  const waiting = Array.from({ length: 4 }, ask);
  await expect(ask()).rejects.toThrowError(tooMany);
  gone.abort(new Error("gone"));
  await Promise.allSettled(waiting);
  await expect(
    flows.wait(flowId, waitSecret, { timeoutMs: 1, signal: new AbortController().signal }),
  ).resolves.toBe(undefined);
});
