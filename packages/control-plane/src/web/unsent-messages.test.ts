import { expect, test } from "vitest";
import { UnsentMessages } from "./unsent-messages.ts";

const messages = Array.from({ length: 10_000 }, (_, n) => Uint8Array.of(n >> 8, n & 255));

function queue(send: (message: Uint8Array) => Promise<void>) {
  const seen = { full: 0, room: 0, held: 0 };
  const unsent = new UnsentMessages({
    send,
    onFull: () => seen.full++,
    onRoom: () => seen.room++,
    onFailure: (error) => {
      throw error;
    },
    count: (bytes) => (seen.held += bytes),
  });
  return { unsent, seen };
}

test("thousands of tiny messages are sent one at a time, in order, and others have their turn in between [B8]", async () => {
  const sent: Uint8Array[] = [];
  let sending = 0;
  let mostSending = 0;
  const done = Promise.withResolvers<void>();
  const { unsent, seen } = queue(async (message) => {
    mostSending = Math.max(mostSending, ++sending);
    await Promise.resolve();
    sending--;
    sent.push(message);
    if (sent.length === messages.length) done.resolve();
  });
  for (const message of messages) unsent.add(message);
  expect(seen.full).toBe(1);
  expect(seen.held).toBeGreaterThan(1024 * 1024);
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent.length).toBeLessThan(1_000);
  await done.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toEqual(messages);
  expect([mostSending, seen.room, seen.held]).toEqual([1, 1, 0]);
});

test("what a client has said before it went is sent without waiting, each message once, and others have their turn in between", async () => {
  const sent: Uint8Array[] = [];
  const stuck = Promise.withResolvers<void>();
  const { unsent, seen } = queue((message) => {
    sent.push(message);
    return stuck.promise;
  });
  for (const message of messages) unsent.add(message);
  expect(sent).toHaveLength(1);
  const ended = unsent.end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent.length).toBeLessThan(1_000);
  await ended;
  expect(sent).toEqual(messages);
  expect(seen.held).toBe(0);
  stuck.resolve();
});
