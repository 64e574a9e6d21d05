import { EventEmitter } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { Interrupted, Interruption } from "./interruption.ts";

const apart = 250;

test("the first interruption tells and aborts, the second ends the process", async () => {
  const source = new EventEmitter();
  const heard: string[] = [];
  using interruption = new Interruption(source, (name) => heard.push(`second ${name}`));
  interruption.onFirst(() => heard.push(`first, aborted: ${interruption.signal.aborted}`));
  source.emit("SIGTERM");
  expect(interruption.signal.reason).toBeInstanceOf(Interrupted);
  await delay(apart);
  source.emit("SIGINT");
  expect(heard).toEqual(["first, aborted: false", "second SIGINT"]);
});

test("one Ctrl-C that arrives twice is one", async () => {
  const source = new EventEmitter();
  const heard: string[] = [];
  using _interruption = new Interruption(source, () => heard.push("second"));
  source.emit("SIGINT");
  source.emit("SIGINT");
  expect(heard).toEqual([]);
  await delay(apart);
  source.emit("SIGINT");
  expect(heard).toEqual(["second"]);
});

test("a service puts a stage of its own in between", async () => {
  const source = new EventEmitter();
  const heard: string[] = [];
  using interruption = new Interruption(source, () => heard.push("exit"));
  interruption.onSecond(() => heard.push("force"));
  for (let press = 0; press < 3; press++) {
    source.emit("SIGINT");
    await delay(apart);
  }
  expect(heard).toEqual(["force", "exit"]);
});

test("nothing listens once it is disposed of", () => {
  const source = new EventEmitter();
  new Interruption(source, () => undefined)[Symbol.dispose]();
  expect(source.eventNames()).toEqual([]);
});
