import { sleep } from "@dorian/base/sleep";
import { RemoteFunction } from "@dorian/sdk/function/remote-function";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sdkConnection } from "../connection.ts";
import { deployApp } from "../deployed-app.ts";
import { DorianProcess } from "../dorian-process.ts";
import { leftoversOf } from "../leftovers.ts";
import { copySeed } from "../seeded-data.ts";
import { smallDisk } from "../small-disk.ts";
import { chaosApp } from "./chaos-app.ts";
import { faults, type FaultName } from "./chaos-faults.ts";
import { newRecord, type ChaosReport, type FaultRecord } from "./chaos-table.ts";
import { SeededRandom } from "./seeded-random.ts";
import { deeds, perform } from "./workload.ts";

export interface ChaosOptions {
  minutes: number;
  seed: number;
  /** Default: all. */
  faults?: readonly FaultName[];
  /** Told of every turn. */
  onTurn?: (text: string) => void;
  signal: AbortSignal;
}

/** People who use it at once. */
const users = 4;
/** Room for the seed and what a run writes, in MiB. */
const diskMebibytes = 6_000;
const settleMs = 1_500;

/**
 * Lets users work on a server of its own while faults of all kinds happen, one after the other, and tells what was lost,
 * done twice or left behind.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { minutes, seed, signal } = options;
  const random = new SeededRandom(seed);
  await using cleaning = new AsyncDisposableStack();
  const disk = cleaning.use(await smallDisk({ mebibytes: diskMebibytes }));
  await copySeed(disk.path);
  let server = await DorianProcess.start({ dataDirectory: disk.path });
  cleaning.defer(() => server.stop());
  const address = ["--listen", new URL(String(server.ready["url"])).host];
  const restart = async (how: "kill" | "stop") => {
    await server[how]();
    server = await DorianProcess.start({ dataDirectory: disk.path, args: address });
  };
  const client = cleaning.use(await sdkConnection(disk.path));
  await deployApp(disk.path, chaosApp(0));

  const records = new Map<string, FaultRecord>();
  let current = newRecord();
  const stopping = new AbortController();
  const working = Array.from({ length: users }, (_, user) => work(user));
  const until = performance.now() + minutes * 60_000;
  const names = options.faults ?? (Object.keys(faults) as FaultName[]);
  let bag: FaultName[] = [];
  while (performance.now() < until) {
    signal.throwIfAborted();
    if (bag.length === 0) bag = [...names];
    const [name = "nothing"] = bag.splice(random.whole(bag.length), 1);
    current = records.get(name) ?? newRecord();
    records.set(name, current);
    current.turns += 1;
    await faults[name]({ server, restart, disk, random, signal });
    const recoveryMs = await recovery();
    if (recoveryMs !== undefined) current.recoveries.push(recoveryMs);
    options.onTurn?.(
      `${name}: ${recoveryMs === undefined ? "no recovery" : `${(recoveryMs / 1000).toFixed(1)} s`}, ${current.lost.length} lost`,
    );
    await sleep(settleMs, { signal });
  }
  stopping.abort();
  await Promise.all(working);
  await server.stop();
  return {
    seed,
    minutes,
    faults: Object.fromEntries(records),
    ...handOuts(disk.path),
    leaks: await leftoversOf(disk.path),
  };

  async function work(user: number): Promise<void> {
    const own = new SeededRandom(seed * users + user);
    const does = Object.entries(deeds({ dataDirectory: disk.path, client }));
    for (let number = user; !stopping.signal.aborted && !signal.aborted; number += users) {
      // Deploying takes seconds of a core: one user does, now and then.
      const possible = does.filter(([name]) => name !== "deployment" || (user === 0 && own.whole(8) === 0));
      const [name, deed] = possible[own.whole(possible.length)] ?? [];
      if (!name || !deed) continue;
      const fault = current;
      const { outcome, refusals } = await perform(() => deed(own, number), { signal });
      if (outcome.kind === "lost") fault.lost.push(`${name}: ${outcome.why}`);
      else if (outcome.kind === "told") fault.told += 1;
      else fault.done += 1;
      if (refusals > 0) fault.refused += 1;
    }
  }

  async function recovery(): Promise<number | undefined> {
    const began = performance.now();
    const add = RemoteFunction.fromName<(a: number, b: number) => Promise<number>>("chaos", "add");
    const { outcome } = await perform(async () => void (await add.remote(1, 1)), { signal });
    return outcome.kind === "done" ? performance.now() - began : undefined;
  }
}

function handOuts(dataDirectory: string): { inputs: number; repeated: number } {
  const db = new DatabaseSync(join(dataDirectory, "state.db"), { readOnly: true });
  try {
    const row = db
      .prepare("select count(*) as inputs, coalesce(sum(deliveries > 1), 0) as repeated from call_input")
      .get();
    return { inputs: Number(row?.["inputs"]), repeated: Number(row?.["repeated"]) };
  } finally {
    db.close();
  }
}
