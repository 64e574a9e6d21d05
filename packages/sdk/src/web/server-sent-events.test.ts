import { EventEmitter, on } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { eventText, serverSentEvents } from "./server-sent-events.ts";

test("events are sent with their names, and what is no text as JSON", async () => {
  const response = serverSentEvents([
    "hello\nyou",
    { event: "tick", id: "7", retry: 100, data: { tick: 1 } },
  ]);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(await response.text()).toBe(
    'data: hello\ndata: you\n\nevent: tick\nid: 7\nretry: 100\ndata: {"tick":1}\n\n',
  );
});

test("whatever an event holds, it is one event", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (data, event, id) => {
      const text = eventText({ data, event, id });
      expect(text.split(/\n\n/).length).toBe(2);
      const lines = text.trimEnd().split("\n");
      expect(lines.every((line) => /^(event|id|data): /.test(line) || /^(event|id|data):$/.test(line))).toBe(
        true,
      );
    }),
  );
});

test("a client that leaves ends the source of its events", async () => {
  let ended = false;
  const events = (async function* () {
    try {
      for (;;) yield "again";
    } finally {
      ended = true;
    }
  })();
  const reader = serverSentEvents(events).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(ended).toBe(true);
});

test("a client that leaves between two events ends a source that waits for the next", async () => {
  const emitter = new EventEmitter();
  const source = on(emitter, "price") as AsyncIterable<never>;
  const reader = serverSentEvents(source).body?.getReader();
  reader?.read().catch(() => undefined);
  await reader?.cancel();
  expect(emitter.listenerCount("price")).toBe(0);
});

test("an event that is no JSON ends its source", async () => {
  let ended = false;
  const events = (function* () {
    try {
      yield { data: 7n };
    } finally {
      ended = true;
    }
  })();
  await expect(serverSentEvents(events).text()).rejects.toThrow("BigInt");
  expect(ended).toBe(true);
});
