import { create } from "@bufbuild/protobuf";
import { TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import type { LogBatch } from "@dorian/protocol/worker";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LogOutbox, type OutboxLimits } from "./log-outbox.ts";

const line = (data: string) => create(TaskLogsSchema, { data });
const textOf = (items: readonly TaskLogs[]) => items.map((item) => item.data).join("");
const signal = new AbortController().signal;

/** A server with a disk: it keeps what comes in order, once, and a cut may lose what was not kept. */
class KeepingServer {
  readonly outbox: LogOutbox;
  readonly lines = new Map<string, string>();
  #arrived: LogBatch[] = [];
  #seen = 0n;
  keptSequence = 0n;

  constructor(limits: Partial<OutboxLimits> = {}) {
    this.outbox = new LogOutbox({ send: (batch) => this.#arrived.push(batch), nowMs: Date.now, limits });
  }

  keepSome(count: number): void {
    for (const batch of this.#arrived.splice(0, count)) {
      if (batch.sequence <= this.#seen) continue;
      expect(batch.sequence).toBe(this.#seen + 1n);
      this.#seen = this.keptSequence = batch.sequence;
      const key = batch.taskId || batch.buildId;
      this.lines.set(key, (this.lines.get(key) ?? "") + textOf(batch.items));
    }
  }

  acknowledge(): void {
    this.outbox.kept(this.keptSequence);
  }

  cut(): void {
    this.#arrived = [];
    this.outbox.disconnected();
  }

  join(): void {
    this.outbox.connected(this.keptSequence);
  }
}

const steps = fc.oneof(
  fc.record({ kind: fc.constant("say" as const), source: fc.constantFrom("ta-1", "ta-2", "bd-1") }),
  fc.record({ kind: fc.constant("keep" as const), count: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ kind: fc.constantFrom("acknowledge" as const, "cut" as const, "join" as const) }),
);

test("every line arrives once and in order, whatever is cut, resent and acknowledged late [L11]", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 80 }), (script) => {
      const server = new KeepingServer({ windowBytes: 500 });
      const said = new Map<string, string>();
      let number = 0;
      let isCut = true;
      for (const step of script) {
        if (step.kind === "say") {
          const text = `${number++}\n`;
          said.set(step.source, (said.get(step.source) ?? "") + text);
          const isBuild = step.source.startsWith("bd");
          server.outbox.add(isBuild ? { buildId: step.source } : { taskId: step.source }, [line(text)]);
        } else if (step.kind === "keep") server.keepSome(step.count);
        else if (step.kind === "acknowledge") {
          if (!isCut) server.acknowledge();
        } else if (step.kind === "cut") {
          server.cut();
          isCut = true;
        } else if (isCut) {
          server.join();
          isCut = false;
        }
      }
      server.cut();
      server.join();
      for (let turn = 0; turn < 200; turn++) {
        server.keepSome(1);
        server.acknowledge();
      }
      expect(server.lines).toEqual(said);
    }),
    { numRuns: 1_000 },
  );
});

test("while the server is away the newest lines of each source are held, with a word where some were dropped", () => {
  const server = new KeepingServer({ sourceBytes: 2_000, totalBytes: 3_000 });
  for (let count = 0; count < 100; count++) server.outbox.add({ taskId: "ta-1" }, [line(`loud ${count}\n`)]);
  server.outbox.add({ taskId: "ta-2" }, [line("quiet\n")]);
  server.join();
  server.keepSome(10);
  expect(server.lines.get("ta-2")).toBe("quiet\n");
  const loud = (server.lines.get("ta-1") ?? "").split("\n");
  expect(loud[0]).toMatch(/^About \d+ bytes of output were dropped here/);
  expect(loud.at(-2)).toBe("loud 99");
  expect(loud.length).toBeLessThan(25);
});

test("one that floods does not keep another's words waiting", () => {
  const server = new KeepingServer({ windowBytes: 300_000 });
  server.join();
  for (let count = 0; count < 20; count++)
    server.outbox.add({ taskId: "ta-1" }, [line(`${"x".repeat(200_000)}\n`)]);
  server.outbox.add({ taskId: "ta-2" }, [line("here\n")]);
  for (let turn = 0; turn < 3; turn++) {
    server.keepSome(5);
    server.acknowledge();
  }
  server.keepSome(5);
  expect(server.lines.get("ta-2")).toBe("here\n");
});

test("who reports an end waits for the lines before it, and not for ever", async () => {
  const server = new KeepingServer();
  server.outbox.add({ taskId: "ta-1" }, [line("last words\n")]);
  let isSent = false;
  const sent = server.outbox
    .allSent({ taskId: "ta-1" }, { timeoutMs: 60_000, signal })
    .then(() => (isSent = true));
  await server.outbox.allSent({ taskId: "ta-1" }, { timeoutMs: 20, signal });
  expect(isSent).toBe(false);
  server.join();
  await sent;
  await server.outbox.allSent({ taskId: "ta-none" }, { timeoutMs: 60_000, signal });
});
