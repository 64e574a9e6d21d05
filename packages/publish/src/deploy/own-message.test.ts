import { App, Cron, Period } from "@dorian/sdk";
import { expect, test } from "vitest";
import { ownMessage } from "./own-message.ts";

class Cleaner {
  path!: string;
  async clean() {}
  async sizes(paths: readonly string[]) {
    return paths.map((path) => path.length);
  }
}

const messageOf = (declare: (app: App) => void) => {
  const app = new App("own");
  declare(app);
  const [item] = app.registered;
  return item && ownMessage(item);
};

test("a function tells its schedule and its batches", () => {
  const batched = { maxBatchSize: 4, waitMs: 20 };
  const gathered = messageOf((app) => app.function({ name: "f", batched }, async (n: number[]) => n));
  expect(gathered).toEqual({ batchMaxSize: 4, batchLingerMs: 20n });
  const cron = messageOf((app) => {
    const schedule = Cron("0 9 * * 1", { timeZone: "Europe/Berlin" });
    app.function({ name: "f", schedule }, async () => 1);
  });
  expect(cron).toEqual({
    schedule: {
      scheduleOneof: { case: "cron", value: { cronString: "0 9 * * 1", timezone: "Europe/Berlin" } },
    },
  });
  const period = messageOf((app) =>
    app.function({ name: "f", schedule: Period({ hours: 4 }) }, async () => 1),
  );
  expect(period?.schedule).toMatchObject({ scheduleOneof: { case: "period", value: { hours: 4, days: 0 } } });
  expect(messageOf((app) => app.function({ name: "f" }, async () => 1))).toEqual({});
});

test("a class tells which of its methods the schedule runs", () => {
  const schedules = { clean: Period({ days: 1 }) };
  const message = messageOf((app) => app.cls({}, Cleaner, { methods: ["clean"], schedules }));
  expect(message).toMatchObject({
    scheduledMethod: "clean",
    schedule: { scheduleOneof: { case: "period" } },
  });
});

test("a schedule of a class with a parameter that has no default is refused", () => {
  const spec = {
    schedules: { clean: Period({ days: 1 }) },
    parameters: { path: { type: "string" as const } },
  };
  expect(() => messageOf((app) => app.cls({}, Cleaner, spec))).toThrow(
    expect.objectContaining({ code: "SCHEDULE_NEEDS_DEFAULTS", message: expect.stringContaining('"path"') }),
  );
});
