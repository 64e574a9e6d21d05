import { EventEmitter } from "node:events";
import { closeSync, fstatSync, openSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { Interruption } from "../cli/interruption.ts";
import { SupervisorLink } from "./supervisor-link.ts";
import type { SupervisedReport, SupervisorOrder } from "./supervision.ts";

/** A process's end of the channel, whose other end the test holds. */
class Channel extends EventEmitter {
  connected = true;
  readonly reports: SupervisedReport[] = [];

  send(report: SupervisedReport): void {
    if (!this.connected) throw new Error("the channel is closed");
    this.reports.push(report);
  }

  order(kind: SupervisorOrder["kind"]): void {
    this.emit("message", { kind });
  }
}

function linked(inherited?: Map<string, number>) {
  const channel = new Channel();
  const endProcess = vi.fn<() => void>();
  const link = new SupervisorLink(channel, endProcess, inherited);
  const interruption = new Interruption(link, () => undefined);
  return { channel, endProcess, link, interruption };
}

test("a supervised process stops when it is told to, and not before", () => {
  const { channel, interruption, link } = linked();
  channel.order("go on");
  channel.order("are you there");
  expect(interruption.signal.aborted).toBe(false);
  expect(channel.reports).toEqual([{ kind: "here" }]);
  channel.order("stop");
  expect([interruption.signal.aborted, link.atOnce.aborted]).toEqual([true, false]);
  channel.order("stop at once");
  expect(link.atOnce.aborted).toBe(true);
});

test("between its front and the rest it lets others stop, however early its turn came", async () => {
  const { channel, link } = linked();
  const signal = new AbortController().signal;
  const drained = link.others.drain({ signal });
  expect(channel.reports).toEqual([{ kind: "front drained" }]);
  channel.order("go on");
  await drained;
  channel.order("go on");
  await link.turn({ signal });
});

test("without its supervisor it stops at once, tells nobody anything, and does not live on when it cannot", async () => {
  vi.useFakeTimers();
  const { channel, link, interruption, endProcess } = linked();
  channel.connected = false;
  channel.emit("disconnect");
  expect([interruption.signal.aborted, link.atOnce.aborted]).toEqual([true, true]);
  link.ready({ dataDirectory: "/d", pid: 1 });
  await link.others.drain({ signal: link.atOnce });
  expect(channel.reports).toEqual([]);
  expect(endProcess).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(endProcess).toHaveBeenCalledOnce();
  vi.useRealTimers();
});

test("a process that no supervisor has started is its own", () => {
  const env: Record<string, string | undefined> = {};
  expect(SupervisorLink.ofProcess(env)).toBeUndefined();
});

test("a socket that nobody has taken is closed when the process is ready, or when its clients have waited long enough", () => {
  const descriptors = () => [openSync("/dev/null", "r"), openSync("/dev/null", "r")] as const;
  for (const end of ["ready", "let go"] as const) {
    const [calls, web] = descriptors();
    const { channel, link } = linked(
      new Map([
        ["calls", calls],
        ["web 7100", web],
      ]),
    );
    expect([link.sockets.take("calls"), link.sockets.take("calls")]).toEqual([calls, undefined]);
    if (end === "ready") link.ready({ dataDirectory: "/d", pid: 1 });
    else channel.order("let go");
    expect(channel.reports[0]).toEqual({ kind: "not listening", name: "web 7100" });
    expect(() => fstatSync(web)).toThrow("EBADF");
    closeSync(calls);
  }
});
