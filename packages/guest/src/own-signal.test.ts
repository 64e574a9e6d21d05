import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tellOwnSignals } from "./own-signal.ts";

test("signals that end the process are written down before they are sent, others and those for others are not [A5]", () => {
  const directory = mkdtempSync(join(tmpdir(), "own-signal-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "own-signal");
  const sent: unknown[] = [];
  const written = () => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  };
  const target: Pick<NodeJS.Process, "kill" | "pid"> = {
    pid: 7,
    kill: (pid: number, signal?: string | number) => {
      sent.push([pid, signal, written()]);
      rmSync(path, { force: true });
      return true;
    },
  };
  tellOwnSignals(path, target);
  target.kill(7, "SIGKILL");
  target.kill(-7, 9);
  target.kill(0);
  target.kill(7, "SIGUSR1");
  target.kill(7, 0);
  target.kill(8, "SIGKILL");
  expect(sent).toEqual([
    [7, "SIGKILL", "SIGKILL"],
    [-7, 9, "SIGKILL"],
    [0, "SIGTERM", "SIGTERM"],
    [7, "SIGUSR1", undefined],
    [7, 0, undefined],
    [8, "SIGKILL", undefined],
  ]);
  tellOwnSignals("/nonexistent/x", target);
  expect(target.kill(7, "SIGKILL")).toBe(true);
});
