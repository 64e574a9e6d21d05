import picocolors from "picocolors";
import { expect, test } from "vitest";
import { createServiceLogger, renderLogLine } from "./service-logger.ts";

const plain = picocolors.createColors(false);

function logged(
  json: boolean,
  level = "info",
): { logger: ReturnType<typeof createServiceLogger>; text: () => string } {
  let text = "";
  const stream = { write: (chunk: string | Uint8Array) => ((text += String(chunk)), true) };
  return { logger: createServiceLogger({ json, stream, colors: plain, level }), text: () => text };
}

test("people get one short line per event, with its fields", () => {
  const { logger, text } = logged(false);
  logger.info({ taskId: "ta-1", reason: "two words", count: 3 }, "task started");
  expect(text()).toMatch(/^\d\d:\d\d:\d\d task started taskId=ta-1 reason="two words" count=3\n$/);
});

test("warnings and errors are marked, and an error shows its stack", () => {
  const { logger, text } = logged(false);
  logger.warn("slow");
  logger.error({ err: new TypeError("bad") }, "failed");
  expect(text()).toMatch(/ warning slow\n/);
  expect(text()).toMatch(/ error failed err=TypeError: bad\n {4}at /);
});

test("what others named their files is shown, and makes neither lines of the log nor commands of the terminal [B18]", () => {
  const { logger, text } = logged(false);
  const path = "/x\u001B[2J\n12:00:00 all is well";
  logger.warn({ path, tight: "\u001B[2J", deep: { path: "\u009B2J" } }, `not removed: ${path}`);
  expect(text().trimEnd()).not.toMatch(/[\p{Cc}]/u);
  logger.error({ err: new Error("\u001B[2J") }, "failed");
  expect(text()).not.toContain("\u001B");
});

test("machines get JSON lines", () => {
  const { logger, text } = logged(true);
  logger.info({ taskId: "ta-1" }, "task started");
  expect(JSON.parse(text())).toMatchObject({ level: 30, msg: "task started", taskId: "ta-1" });
});

test("a line of one of several processes says which it is", () => {
  const line = JSON.stringify({ level: 40, time: 0, source: "worker", msg: "slow" });
  expect(renderLogLine(line, plain)).toMatch(/ \[worker\] warning slow\n$/);
});

test("what lies below the level is left out", () => {
  const { logger, text } = logged(false);
  logger.debug("detail");
  expect(text()).toBe("");
});

test("nested fields are JSON", () => {
  expect(renderLogLine('{"level":30,"time":0,"msg":"m","a":{"b":[1]}}', plain)).toContain('a={"b":[1]}');
});
