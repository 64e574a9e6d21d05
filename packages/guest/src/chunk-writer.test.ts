import { AppError } from "@dorian/base/app-error";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { DataFormat, ModalClient } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { ChunkWriter } from "./chunk-writer.ts";

/** A writer whose messages a server takes as `take` says; `received` is what it took. */
function writerTo(take: (count: number) => void | Promise<void>, options: { elapsedMs?: () => number } = {}) {
  const received: string[] = [];
  let count = 0;
  const modal = createLocalClient(
    ModalClient,
    {
      async functionCallPutDataOut({ dataChunks }) {
        count += 1;
        await take(count);
        for (const { index, dataOneof } of dataChunks)
          if (dataOneof.case === "data") received.push(`${index}=${Buffer.from(dataOneof.value)}`);
        return {};
      },
    },
    { kind: "task", taskId: "ta-1" },
  );
  const { signal } = new AbortController();
  const writer = new ChunkWriter({
    modal,
    functionCallId: "fc-1",
    dataFormat: DataFormat.CBOR,
    signal,
    ...options,
  });
  return { writer, received };
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

test("values get the numbers 1, 2, 3… however they travel together [L9]", async () => {
  const { writer, received } = writerTo(() => undefined);
  for (const value of ["a", "b", "c", "d"]) await writer.write(Buffer.from(value));
  await turn();
  await writer.write(Buffer.from("e"));
  await writer.flush();
  expect(received).toEqual(["1=a", "2=b", "3=c", "4=d", "5=e"]);
  expect(writer.count).toBe(5n);
});

test("once a message is refused nothing follows it: no value goes out under the number of one that was lost [L9]", async () => {
  const refused = new AppError("DATABASE_WRITE_FAILED", "The disk is broken.", {
    status: "INTERNAL",
    remedy: "",
  });
  const take = (count: number) => {
    if (count === 2) throw refused;
  };
  // On a clock that stands still each value waits for as long as its message takes.
  const { writer, received } = writerTo(take, { elapsedMs: () => 0 });
  await writer.write(Buffer.from("v0"));
  await turn();
  await expect(writer.write(Buffer.from("v1"))).rejects.toThrow("The disk is broken.");
  await expect(writer.write(Buffer.from("v2"))).rejects.toThrow("The disk is broken.");
  await expect(writer.write(Buffer.from("v3"))).rejects.toThrow("The disk is broken.");
  await expect(writer.flush()).rejects.toThrow("The disk is broken.");
  await turn();
  expect(received).toEqual(["1=v0"]);
});

test("a value is with the server before a generator that computes without a pause goes on", async () => {
  const { writer, received } = writerTo(() => turn());
  for (const value of ["a", "b", "c"]) {
    await writer.write(Buffer.from(value));
    expect(received.join()).toContain(`=${value}`);
  }
});

test("a generator that does nothing but yield does not wait for each of its values", async () => {
  let messages = 0;
  const { writer, received } = writerTo(async (count) => {
    messages = count;
    await turn();
  });
  for (let value = 0; value < 10_000; value += 1) await writer.write(Buffer.from("x"));
  await writer.flush();
  expect(received).toHaveLength(10_000);
  expect(messages).toBeLessThan(100);
});
