import { expect, test } from "vitest";
import { InitComplaint } from "./init-program.ts";

function passedOn(...chunks: (string | Buffer)[]): string {
  const passed: Buffer[] = [];
  const complaint = new InitComplaint((chunk) => passed.push(chunk));
  for (const chunk of chunks) complaint.write(Buffer.from(chunk));
  complaint.end();
  return Buffer.concat(passed).toString("latin1");
}

test("a program that could not be started is told in our words, however the line arrives", () => {
  const line = "[FATAL tini (7)] exec /bin/x failed: No such file or directory\n";
  const ours = "The program /bin/x could not be started: No such file or directory.\n";
  expect(passedOn(line)).toBe(ours);
  expect(passedOn(...line)).toBe(ours);
});

test("a program's own output passes byte for byte", () => {
  const own = ["", "[", "[FATAL x", "\xff\xfe[FATAL tini (7)] exec a failed: b\n", "[FATAL tini (unfinished"];
  for (const text of own) expect(passedOn(Buffer.from(text, "latin1"))).toBe(text);
  expect(passedOn("first\n", "[FATAL tini (7)] exec /bin/x failed: No\n")).toBe(
    "first\n[FATAL tini (7)] exec /bin/x failed: No\n",
  );
});
