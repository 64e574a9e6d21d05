import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { checkMessageCost } from "./message-cost.ts";
import { ModalClient } from "../modal.ts";

const { appCreate, appSetTags, functionPutInputs, mountGetOrCreate } = ModalClient.method;
const mebibyte = 1024 * 1024;

/** `bytes` over and over. */
const full = (size: number, ...bytes: number[]) =>
  Uint8Array.from({ length: size }, (_, index) => bytes[index % bytes.length] ?? 0);

const tagOf = (field: { number: number }) => (field.number << 3) | 2;

test.each([
  ["empty messages", functionPutInputs, full(16 * mebibyte, tagOf(functionPutInputs.input.field.inputs), 0)],
  ["empty entries of a map", appSetTags, full(4 * mebibyte, tagOf(appSetTags.input.field.tags), 0)],
  ["fields that nobody knows", appCreate, full(4 * mebibyte, 15 << 3, 1)],
])("a message full of %s is refused before it is decoded", (_what, method, bytes) => {
  expect(() => checkMessageCost(method, bytes)).toThrow(
    expect.objectContaining({ code: "MESSAGE_TOO_COMPLEX", status: "RESOURCE_EXHAUSTED" }),
  );
});

test("large messages as clients send them are taken: one value of 64 MiB, a mount of 20,000 files", () => {
  const args = new Uint8Array(64 * mebibyte);
  const inputs = [{ idx: 1, input: { argsOneof: { case: "args", value: args } } }] as const;
  const put = create(functionPutInputs.input, { functionId: "fu-1", inputs: [...inputs] });
  checkMessageCost(functionPutInputs, toBinary(functionPutInputs.input, put));
  const files = Array.from({ length: 20_000 }, (_, index) => ({
    filename: `/root/package/module_${index}.py`,
    sha256Hex: "0123456789abcdef".repeat(4),
    mode: 0o644,
    size: 1234n,
  }));
  const mount = toBinary(mountGetOrCreate.input, create(mountGetOrCreate.input, { files }));
  expect(() => checkMessageCost(mountGetOrCreate, mount)).not.toThrow();
});

test.each([
  ["a field that is longer than its message", [(1 << 3) | 2, 0xff, 0xff, 0xff, 0x7f]],
  ["a number without an end", [1 << 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ["a kind of field that there is not", [(1 << 3) | 7, 0]],
])("%s is refused as no message", (_what, start) => {
  const bytes = new Uint8Array(100_000);
  bytes.set(start);
  expect(() => checkMessageCost(functionPutInputs, bytes)).toThrow(
    expect.objectContaining({ code: "MESSAGE_MALFORMED", status: "INVALID_ARGUMENT" }),
  );
});
