import { expect, test } from "vitest";
import { ExecOutput, type OutputStream } from "./exec-output.ts";

const { signal } = new AbortController();

async function textFrom(output: ExecOutput, stream: OutputStream, offset: number): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of output.bytesOf(stream, { offset, signal })) parts.push(part);
  return Buffer.concat(parts).toString();
}

function written(...parts: [OutputStream, string][]): ExecOutput {
  const output = new ExecOutput();
  for (const [stream, text] of parts) output.append(stream, Buffer.from(text));
  return output;
}

test("a reader takes up a stream at any byte, whatever the other stream holds", async () => {
  const output = written(["stdout", "abc"], ["stderr", "XY"], ["stdout", "def"]);
  output.end();
  expect(await textFrom(output, "stdout", 0)).toBe("abcdef");
  expect(await textFrom(output, "stdout", 4)).toBe("ef");
  expect(await textFrom(output, "stdout", 6)).toBe("");
  expect(await textFrom(output, "stderr", 1)).toBe("Y");
});

test("a reader waits for what comes later, and pieces are numbered across both streams", async () => {
  const output = written(["stdout", "a"]);
  const indexes: number[] = [];
  const reading = (async () => {
    for await (const { index } of output.chunksAfter(0, { stream: undefined, signal })) indexes.push(index);
  })();
  output.append("stderr", Buffer.from("b"));
  await Promise.resolve();
  output.append("stdout", Buffer.from("c"));
  output.end();
  await reading;
  expect(indexes).toEqual([1, 2, 3]);
  const rest = output.chunksAfter(1, { stream: "stdout", signal });
  expect((await rest.next()).value).toMatchObject({ index: 3 });
});

test("what was read long ago is forgotten, what nobody read is kept", async () => {
  const output = new ExecOutput();
  const reader = output.bytesOf("stdout", { offset: 0, signal });
  for (let i = 0; i < 20; i += 1) {
    output.append("stdout", Buffer.alloc(1 << 20));
    output.append("stderr", Buffer.from("."));
    await reader.next();
  }
  expect(output.bytes).toBeLessThan(6 << 20);
  output.end();
  expect(await textFrom(output, "stderr", 0)).toBe(".".repeat(20));
  await expect(textFrom(output, "stdout", 0)).rejects.toMatchObject({ code: "EXEC_OUTPUT_FORGOTTEN" });
});

test("a failure reaches readers after what was written before it", async () => {
  const output = written(["stdout", "before"]);
  output.fail(new Error("gone"));
  const reader = output.bytesOf("stdout", { offset: 0, signal });
  expect(Buffer.from((await reader.next()).value ?? []).toString()).toBe("before");
  await expect(reader.next()).rejects.toThrow("gone");
});
