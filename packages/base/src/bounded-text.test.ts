import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { boundedText } from "./bounded-text.ts";

test("a text within its bound is read whole, characters that chunks cut in two included", async () => {
  const bytes = Buffer.from("äöü");
  const body = Readable.from([bytes.subarray(0, 1), bytes.subarray(1)]);
  expect(await boundedText(body, { maxBytes: 6, what: "It" })).toBe("äöü");
});

test("a text without end is left after its bound, and told what it was [B16]", async () => {
  let sent = 0;
  const endless = new Readable({
    read() {
      sent += 1024;
      this.push(Buffer.alloc(1024));
    },
  });
  await expect(boundedText(endless, { maxBytes: 65_536, what: "The list" })).rejects.toMatchObject({
    code: "ANSWER_TOO_LARGE",
    message: "The list is longer than 64 KiB, and was not read on.",
  });
  expect(endless.destroyed).toBe(true);
  expect(sent).toBeLessThan(1024 * 1024);
});
