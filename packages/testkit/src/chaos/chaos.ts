import { sleep } from "@dorian/base/sleep";
import { Function as RemoteFunction } from "dorian";
import { sdkConnection } from "../connection.ts";
import { deployApp } from "../deployed-app.ts";
import { DorianProcess } from "../dorian-process.ts";
import { leftoversOf } from "../leftovers.ts";
import { ModalClient, modalVersions } from "../modal-client.ts";
import { copySeed } from "../seeded-data.ts";
import { settableClock } from "../settable-clock.ts";
import { smallDisk } from "../small-disk.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { chaosApp } from "./chaos-app.ts";
import { faults, type Fault, type FaultName } from "./chaos-faults.ts";
import { newRecord, type ChaosReport, type FaultRecord } from "./chaos-table.ts";
import { handOutsUpTo } from "./hand-outs.ts";
import { Orphans } from "./orphans.ts";
import { perform } from "./perform.ts";
import { pythonApp } from "./python-app.ts";
import { PythonCaller } from "./python-caller.ts";
import { Repetitions, type Strike } from "./repetitions.ts";
import { SeededRandom } from "./seeded-random.ts";
import { deeds, heavyDeeds, type Deed } from "./workload.ts";

export interface ChaosOptions {
  minutes: number;
  seed: number;
  /** Default: all. */
  faults?: readonly FaultName[];
  /** Told of every turn, and of whatever is lost. */
  onTurn?: (text: string) => void;
  signal: AbortSignal;
}

/** People who use it at once. */
const users = 4;
/** Room for the seed and what a run writes, in MiB. */
const diskMebibytes = 6_000;
/** Characters of a refusal; a command's has its whole output before it. */
const refusalShown = 300;
const settleMs = 1_500;
/** The official client goes on failing for as long after the server is back: it repeats nothing that had begun before. */
const clientsNoticeMs = 5_000;

/**
 * Lets users work on a server of its own while faults of all kinds happen, one after the other, and tells what was lost,
 * done twice or left behind.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { minutes, seed, signal } = options;
  const random = new SeededRandom(seed);
  await using cleaning = new AsyncDisposableStack();
  const disk = cleaning.use(await smallDisk({ mebibytes: diskMebibytes }));
  const clock = cleaning.use(await settableClock());
  await copySeed(disk.path, [modalVersions.newest]);
  const repetitions = new Repetitions();
  const start = (address = `${ownHost()}:0`) =>
    DorianProcess.start({
      dataDirectory: disk.path,
      args: ["--json", "--listen", address, "--web-ports", webPorts],
      env: clock.environment,
      onOutput: repetitions.listener(),
    });
  let server = await start();
  cleaning.defer(() => server.stop());
  const address = new URL(String(server.ready["url"])).host;
  const restart = async (how: "kill" | "stop") => {
    await server[how]();
    server = await start(address);
  };
  const client = cleaning.use(await sdkConnection(disk.path));
  const python = await ModalClient.open(modalVersions.newest, disk.path);
  const caller = cleaning.use(await PythonCaller.start(python));
  await deployApp(disk.path, chaosApp(0));
  await deployPython(python);

  const records = new Map<string, FaultRecord>();
  const turns: { record: FaultRecord; callId: string }[] = [];
  const orphans = new Orphans(disk.path);
  const allDeeds = Object.entries(deeds({ dataDirectory: disk.path, client, python, caller }));
  let current = newRecord();
  let awayUntil = 0;
  const wasServerAway = (sinceMs: number) => sinceMs <= awayUntil;
  const stopping = new AbortController();
  const working = Array.from({ length: users }, (_, user) => work(user));
  const untilMs = performance.now() + minutes * 60_000;
  const names = options.faults ?? (Object.keys(faults) as FaultName[]);
  let bag: FaultName[] = [];
  while (performance.now() < untilMs) {
    signal.throwIfAborted();
    if (bag.length === 0) bag = [...names];
    const [name = "nothing"] = bag.splice(random.whole(bag.length), 1);
    current = records.get(name) ?? newRecord();
    records.set(name, current);
    current.turns += 1;
    const fault: Fault = faults[name];
    if (fault.takesServerAway) awayUntil = Infinity;
    const strike: Strike = { fault: name };
    repetitions.struck(strike);
    const taskId = await fault.strike({ server, restart, disk, clock, random, signal });
    if (taskId !== undefined) strike.taskId = taskId;
    const recovered = await recovery();
    if (fault.takesServerAway) awayUntil = performance.now() + clientsNoticeMs;
    if (recovered) {
      current.recoveries.push(recovered.ms);
      turns.push({ record: current, callId: recovered.callId });
    }
    for (const leak of await orphans.look(name)) records.get(leak.fault)?.leaks.push(leak.what);
    options.onTurn?.(
      `${name}: ${recovered ? `${(recovered.ms / 1000).toFixed(1)} s` : "no recovery"}, ${current.lost.length} lost, ${current.leaks.length} leaks`,
    );
    await sleep(settleMs, { signal });
  }
  stopping.abort();
  await Promise.all(working);
  await server.stop();
  const handOuts = handOutsUpTo(
    disk.path,
    turns.map(({ callId }) => callId),
  );
  for (const [index, { record }] of turns.entries()) {
    record.inputs += handOuts[index]?.inputs ?? 0;
    record.repeated += handOuts[index]?.repeated.length ?? 0;
  }
  return {
    seed,
    minutes,
    faults: Object.fromEntries(records),
    unexplained: repetitions.unexplained(handOuts.flatMap(({ repeated }) => repeated)),
    leftovers: await leftoversOf(disk.path),
  };

  async function work(user: number): Promise<void> {
    const own = new SeededRandom(seed * users + user);
    for (let number = user; !stopping.signal.aborted && !signal.aborted; number += users) {
      const [name, deed] = nextDeed(own, user);
      const fault = current;
      const { outcome, refusals } = await perform(() => deed(own, number), { signal, wasServerAway });
      if (outcome.kind === "lost") {
        fault.lost.push(`${name}: ${outcome.why}`);
        options.onTurn?.(`LOST ${name}: ${outcome.why}`);
      } else if (outcome.kind === "told") fault.told += 1;
      else fault.done += 1;
      if (refusals.length === 0) continue;
      fault.refused += 1;
      options.onTurn?.(`refused ${name}, ${refusals.length} times: ${refusals.at(-1)?.slice(-refusalShown)}`);
    }
  }

  /** What takes long is done by one user each, now and then. */
  function nextDeed(own: SeededRandom, user: number): [string, Deed] {
    const possible = allDeeds.filter(([name]) => {
      const heavy = heavyDeeds[name];
      return !heavy || (user === heavy.user && own.whole(heavy.oneOf) === 0);
    });
    const deed = possible[own.whole(possible.length)];
    if (!deed) throw new Error("there is nothing to do");
    return deed;
  }

  async function recovery(): Promise<{ ms: number; callId: string } | undefined> {
    const beganAtMs = performance.now();
    const add = RemoteFunction.fromName<(a: number, b: number) => Promise<number>>("chaos", "add");
    let callId = "";
    const { outcome } = await perform(
      async () => {
        const call = await add.spawn(1, 1);
        callId = call.functionCallId;
        await call.get();
      },
      { signal, wasServerAway },
    );
    return outcome.kind === "done" ? { ms: performance.now() - beganAtMs, callId } : undefined;
  }
}

/** Above those that the kernel gives to clients. */
const webPorts = "61000-61009";

/** An address of this machine's loopback for this run alone, so that no other server answers while its own is away. */
function ownHost(): string {
  return `127.77.${(process.pid >> 8) & 255}.${process.pid & 255}`;
}

async function deployPython(python: ModalClient): Promise<void> {
  await using project = await temporaryDirectory({ "app.py": pythonApp });
  const { code, stdout, stderr } = await python.modal(["deploy", "app.py"], { cwd: project.path });
  if (code !== 0) throw new Error(`modal deploy failed (${code}):\n${stdout}\n${stderr}`);
}
