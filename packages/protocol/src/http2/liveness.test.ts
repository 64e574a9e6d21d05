import { expect, test } from "vitest";
import { idleTicks, silentTicksToGiveUp, silentTicksToPing, stuckTicks, unusedTicks } from "./limits.ts";
import { Liveness, type LivenessView, type Verdict } from "./liveness.ts";

const busy: LivenessView = { begun: true, inHeaders: false, streams: 1, used: true };
const nothingWaits = { waiting: 0, taken: 0 };

/** What `liveness` says at each of `ticks`. */
function verdicts(
  liveness: Liveness,
  ticks: number,
  view: LivenessView,
  progress = (_tick: number) => nothingWaits,
): Verdict[] {
  return Array.from({ length: ticks }, (_, tick) => liveness.tick(view, progress(tick)));
}
const server = (asks = true) => new Liveness({ asks, keeps: false });
const gone = { gone: expect.any(String) };

test("a peer with a call that says nothing is asked for a sign of life, and given up when it gives none", () => {
  const said = verdicts(server(), silentTicksToGiveUp + 1, busy);
  expect(said[silentTicksToPing - 2]).toBe("well");
  expect(said[silentTicksToPing - 1]).toBe("ping");
  expect(said[silentTicksToGiveUp - 1]).toBe("ping");
  expect(said.at(-1)).toEqual(gone);
});

test("any byte is a sign of life, and one tick counts as one, however long it took", () => {
  const liveness = server();
  for (let round = 0; round < 5; round += 1) {
    expect(verdicts(liveness, silentTicksToGiveUp, busy)).not.toContainEqual(gone);
    liveness.heard();
  }
});

test("over a socket that cannot lose its other end, silence means nothing", () => {
  expect(new Set(verdicts(server(false), 100, busy))).toEqual(new Set(["well"]));
});

test("a connection without a call is left after a while, sooner when it never had one; a client keeps its own", () => {
  const idle = { ...busy, streams: 0 };
  expect(verdicts(server(), idleTicks, idle).indexOf("leave")).toBe(idleTicks - 1);
  expect(verdicts(server(), idleTicks, { ...idle, used: false }).indexOf("leave")).toBe(unusedTicks - 1);
  const client = new Liveness({ asks: true, keeps: true });
  expect(new Set(verdicts(client, 2 * idleTicks, idle))).toEqual(new Set(["well"]));
});

test("who does not begin, does not end its headers, or takes nothing of what is sent is given up", () => {
  expect(verdicts(server(), 3, { ...busy, streams: 0, begun: false })).toContainEqual(gone);
  expect(verdicts(server(), 4, { ...busy, inHeaders: true })).toContainEqual(gone);
  const stuck = () => ({ waiting: 1000, taken: 7 });
  expect(verdicts(server(false), stuckTicks + 1, busy, stuck).at(-1)).toEqual(gone);
  const slow = (tick: number) => ({ waiting: 1000, taken: Math.floor(tick / 3) });
  expect(verdicts(server(false), 100, busy, slow)).not.toContainEqual(gone);
});
