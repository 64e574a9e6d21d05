import { expect, test } from "vitest";
import { envelope } from "./message-envelope.ts";
import { MessageReader } from "./message-reader.ts";

test("a message that comes in many pieces holds as much as one that comes at once: a long stream counts no more than is there [B7]", () => {
  let held = 0;
  const reader = new MessageReader();
  reader.limits = { maxBytes: 2 ** 20, onHeld: (bytes) => (held += bytes) };
  const body = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at));
  const sent = envelope(body);
  for (let count = 0; count < 3; count += 1) {
    for (let at = 0; at < sent.length; at += 16_384)
      for (const message of reader.read(sent.subarray(at, at + 16_384))) {
        expect(message.equals(body)).toBe(true);
        held -= message.length;
      }
    expect(held).toBe(0);
  }
});
