import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { RoomWatch } from "./room-watch.ts";
import { keepStartReserve, useStartReserve } from "./start-reserve.ts";

test("what is left for the next start is taken by one that finds a full disk, and by no other [L4]", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dorian-start-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  let freeBytes = 0;
  const space = () => ({
    free: { bytes: freeBytes, files: 10_000 },
    size: { bytes: 2 ** 30, files: 100_000 },
  });
  const file = join(directory, "start-reserve");
  const afterAMinute = async () => {
    using room = new RoomWatch({ directory, look: space });
    await using _kept = keepStartReserve(directory, {
      room,
      onError: (error) => {
        throw error;
      },
    });
    await vi.advanceTimersByTimeAsync(60_000);
  };
  await afterAMinute();
  expect(existsSync(file)).toBe(false);
  freeBytes = 2 ** 29;
  await afterAMinute();
  expect((await stat(file)).size).toBe(16 * 2 ** 20);
  useStartReserve(directory, space);
  expect(existsSync(file)).toBe(true);
  freeBytes = 0;
  useStartReserve(directory, space);
  expect(existsSync(file)).toBe(false);
});
