import { expect, test } from "vitest";
import { sendableReason } from "./closing-frame.ts";

test("a reason that fits into a frame is sent whole, and a longer one up to its last whole character", () => {
  expect(sendableReason("x".repeat(123))).toBe("x".repeat(123));
  expect(sendableReason("x".repeat(124))).toBe("x".repeat(123));
  expect(sendableReason("é".repeat(62))).toBe("é".repeat(61));
});
