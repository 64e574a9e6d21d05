import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
import { createAuthenticator } from "./authenticate.ts";
import { openClientFile } from "./client-file.ts";
import { CommandTokens } from "./command-token.ts";
import { FailedAttempts } from "./failed-attempts.ts";
import { openServerKeys } from "../keys/server-keys.ts";
import { Tokens } from "./tokens.ts";

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "dorian-token-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const metadata = (entries: Record<string, string>) => ({
  get: (key: string) => (entries[key] === undefined ? [] : [entries[key]]),
});

test("tokens are made once, for the owner alone, and kept while the address changes", async () => {
  const directory = await temporary();
  const first = await openClientFile(directory, { url: "http://127.0.0.1:1" });
  const path = join(directory, "client.json");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const second = await openClientFile(directory, { url: "http://127.0.0.1:2" });
  expect(second).toEqual({ ...first, url: "http://127.0.0.1:2" });
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual(second);
});

test("who calls follows from the metadata, and anything wrong is refused with a remedy", async () => {
  const directory = await temporary();
  const own = await openClientFile(directory, { url: "http://127.0.0.1:1" });
  const db = await openDatabase(join(directory, "state.db"));
  const journal = new Journal(db);
  onTestFinished(async () => {
    await journal[Symbol.asyncDispose]();
    await db.destroy();
  });
  using tokens = await Tokens.load({ db, journal, own, nowMs: Date.now });
  const commandTokens = new CommandTokens({ key: randomBytes(32), nowMs: Date.now });
  const attempts = new FailedAttempts({ elapsedMs: Date.now });
  const caller = createAuthenticator({ own, tokens, commandTokens, attempts });
  const authenticate = (shown: ReturnType<typeof metadata>) => caller(shown, "203.0.113.9").identity;
  const taskId = "ta-0123456789012345678901";
  const command = { authorization: `Bearer ${commandTokens.mint({ taskId, tokenId: own.tokenId })}` };
  const client = { "x-modal-token-id": own.tokenId, "x-modal-token-secret": own.tokenSecret };
  const worker = { "dorian-worker-token": own.workerToken };
  expect(authenticate(metadata(client))).toEqual({ kind: "client", tokenId: own.tokenId });
  expect(authenticate(metadata(command))).toEqual({ kind: "command", taskId, tokenId: own.tokenId });
  expect(authenticate(metadata(worker))).toEqual({ kind: "worker" });
  expect(authenticate(metadata({ ...worker, "dorian-task-id": taskId }))).toEqual({ kind: "task", taskId });
  for (const nothing of [{}, { "dorian-task-id": taskId }]) {
    expect(authenticate(metadata(nothing))).toEqual({ kind: "anonymous" });
  }
  for (const wrong of [
    { "x-modal-token-id": own.tokenId },
    { ...client, "x-modal-token-secret": "as-guess" },
    { ...client, "x-modal-token-id": "ak-guess" },
    { "dorian-worker-token": "wt-guess", ...client },
    { ...worker, "dorian-task-id": "../escape" },
    { authorization: "Bearer a.b.c" },
    { authorization: `${command.authorization}x` },
  ]) {
    expect(() => authenticate(metadata(wrong))).toThrowError(
      expect.objectContaining({
        status: "UNAUTHENTICATED",
        remedy: expect.stringContaining("dorian token new"),
      }),
    );
  }
});

test("the server's keys stay the same over restarts and differ by use", async () => {
  const directory = await temporary();
  const [first, second] = await Promise.all([openServerKeys(directory), openServerKeys(directory)]);
  expect(second).toEqual(first);
  expect(first.secrets.equals(first.urls)).toBe(false);
  expect((await stat(join(directory, "server.key"))).mode & 0o777).toBe(0o600);
});
