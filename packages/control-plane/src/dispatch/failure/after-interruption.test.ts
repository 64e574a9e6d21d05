import { expect, test } from "vitest";
import type { Cause } from "./cause.ts";
import { afterInterruption, type Deaths } from "./after-interruption.ts";

const fresh: Deaths = { deaths: 0, killsAlone: 0, isSuspect: false };
const whole = { canRunAgain: true, yielded: 0 };
const reason = "The container was ended by SIGKILL.";
const alone = (cause: Cause) => ({ cause, reason, inCompany: false });
const inCompany = (cause: Cause) => ({ cause, reason, inCompany: true });

/** An input to which the same happens again and again: the pauses until it is given up, and what is said then. */
function fateOf(cause: Cause) {
  let deaths = fresh;
  const pauses: number[] = [];
  for (;;) {
    const after = afterInterruption(deaths, alone(cause), whole);
    if (after.kind !== "again") return { pauses, ...after };
    pauses.push(after.afterMs);
    deaths = after;
    if (pauses.length > 100) return { pauses, kind: "for ever" };
  }
}

test("what an input's own code did is told at once, to be retried as the user says [L16]", () => {
  expect(afterInterruption(fresh, alone("code"), whole)).toEqual({ kind: "failed", exception: reason });
});

test.for<Cause>(["outside", "lost", "platform"])(
  "an input whose containers are again and again ended from %s is given up after eight, with pauses that grow [L16]",
  (cause) => {
    const { pauses, ...end } = fateOf(cause);
    expect(pauses).toEqual([0, 0, 500, 1_000, 2_000, 4_000, 8_000]);
    expect(end).toMatchObject({
      kind: "given up",
      exception: `${reason} This input was tried 8 times and its container died each time.`,
    });
  },
);

test("an input whose containers are killed is repeated twice, at once; a third kill is its own doing, to be retried as the user says [L16]", () => {
  const { pauses, ...end } = fateOf("killed");
  expect(pauses).toEqual([0, 0]);
  expect(end).toMatchObject({
    kind: "failed",
    exception: expect.stringMatching(
      /^The container was ended by SIGKILL\. 3 containers that this input had for itself were killed, so its own code is taken to have done it/,
    ),
  });
});

test("of inputs that were killed together only the one that is killed alone is taken for the cause [L16]", () => {
  const once = afterInterruption(fresh, inCompany("killed"), whole);
  expect(once).toEqual({ kind: "again", afterMs: 0, deaths: 1, killsAlone: 0, isSuspect: false });
  const twice = afterInterruption({ ...fresh, deaths: 1 }, inCompany("killed"), whole);
  expect(twice).toEqual({ kind: "again", afterMs: 0, deaths: 2, killsAlone: 0, isSuspect: true });
  const suspect = { deaths: 4, killsAlone: 2, isSuspect: true };
  expect(afterInterruption(suspect, alone("killed"), whole).kind).toBe("failed");
  expect(afterInterruption({ ...suspect, killsAlone: 1 }, alone("killed"), whole).kind).toBe("again");
});

test("what the server does is no fault of an input's, however often [L16]", () => {
  expect(fateOf("asked").kind).toBe("for ever");
  expect(afterInterruption(fresh, inCompany("asked"), whole)).toEqual({
    kind: "again",
    afterMs: 0,
    ...fresh,
  });
});

test("of inputs that ran together each is repeated alone, and fails only when its container dies again [L16]", () => {
  const after = afterInterruption(fresh, inCompany("code"), whole);
  expect(after).toEqual({ kind: "again", afterMs: 0, deaths: 1, killsAlone: 0, isSuspect: true });
  expect(afterInterruption({ ...fresh, deaths: 1, isSuspect: true }, alone("code"), whole).kind).toBe(
    "failed",
  );
});

test("an input that outlives several containers is repeated alone [L16]", () => {
  const suspects = [0, 1, 2, 3, 4].map((deaths) => {
    const after = afterInterruption({ ...fresh, deaths }, inCompany("outside"), whole);
    return after.kind === "again" && after.isSuspect;
  });
  expect(suspects).toEqual([false, false, false, true, true]);
});

test("what a caller has received is not run again, whoever's doing it was [L16]", () => {
  for (const cause of ["code", "killed", "outside", "lost", "asked"] as const) {
    const after = afterInterruption(fresh, alone(cause), { canRunAgain: false, yielded: 2 });
    expect(after).toEqual({
      kind: "given up",
      exception: `${reason} It had yielded 2 values, so it was not run again.`,
    });
  }
});
