import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { compare, type Outcome } from "../harness/compare.ts";

/** What nobody notices: 0.3 % of a core. */
const limitMs = 3;
/** What starts with a server has ended by then. */
const settleMs = 15_000;
const roundMs = 20_000;

/** Processor time of a server and of a worker that nobody uses. */
export async function run(): Promise<Outcome[]> {
  await using data = await temporaryDirectory();
  await using up = await DorianProcess.start({ dataDirectory: data.path });
  await delay(settleMs);
  const outcomes: Outcome[] = [];
  for (const role of ["server", "worker"] as const) {
    const pid = await up.pidOf(role);
    outcomes.push(
      await compare({
        title: `A ${role} at rest, processor time in a second`,
        unit: "ms",
        ours: { name: role, round: () => processorTime(pid) },
        against: { name: "0.3 % of a core", round: async () => limitMs },
        rounds: 5,
        aim: 1,
      }),
    );
  }
  return outcomes;
}

/** Milliseconds in a second. */
async function processorTime(pid: number): Promise<number> {
  const [before, started] = [await usedNs(pid), performance.now()];
  await delay(roundMs);
  return ((await usedNs(pid)) - before) / 1_000 / (performance.now() - started);
}

/** Counts all its threads. */
async function usedNs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")),
  );
  return times.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0);
}
