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
