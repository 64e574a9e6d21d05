import { Function as RemoteFunction } from "dorian";
import { sdkConnection } from "@dorian/testkit/connection";
import { containersOf } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { modalVersions } from "@dorian/testkit/modal-client";
import { prepareSeeds, seededData } from "@dorian/testkit/seeded-data";
import { compare, type Outcome } from "../harness/compare.ts";
import { bestFixed, simulate, type Simulated } from "@dorian/control-plane/dispatch/simulation/simulate";
import { traces } from "@dorian/control-plane/dispatch/simulation/traces";

const aim = 1.15;
const fixed = [1, 2, 4];

const source = `
import { setTimeout as delay } from "node:timers/promises";
import { App, Image } from "dorian";

export const app = new App("scaling", { image: Image.debianSlim() });
/** Half of it is work, half of it waiting. */
const input = async (ms: number) => {
  for (const end = performance.now() + ms / 2; performance.now() < end; );
  await delay(ms / 2);
  return ms;
};
export const auto = app.function({ name: "auto", scaledownWindow: 2 }, input);
${fixed
  .map(
    (n) =>
      `export const fixed${n} = app.function({ name: "fixed${n}", scaledownWindow: 2, maxContainers: ${n} }, input);`,
  )
  .join("\n")}
`;

const maps = [
  { count: 16, ms: 50 },
  { count: 200, ms: 20 },
];

/** What the autoscaler does with traces, on simulated time and for real, against the best fixed number of containers. */
export async function run(): Promise<Outcome[]> {
  return [...simulated(), ...(await real())];
}

function simulated(): Outcome[] {
  const measures: [string, (result: Simulated) => number][] = [
    ["until the last is done", ({ endMs }) => endMs / 1_000],
    ["on average", ({ meanMs }) => meanMs / 1_000],
  ];
  return traces.flatMap((trace) => {
    const ours = simulate(trace);
    return measures.map(([what, of]) => {
      const best = bestFixed(trace, of);
      const against = side(`maxContainers ${best.containers}`, of(best.result));
      return {
        title: `simulated: ${trace.title}, ${what}`,
        unit: "s",
        ours: side(`autoscaler (${ours.started} started)`, of(ours)),
        against,
        ratio: of(ours) / against.median,
        aim,
      };
    });
  });
}

function side(name: string, value: number): Outcome["ours"] {
  return { name, median: value, min: value, max: value };
}

async function real(): Promise<Outcome[]> {
  await prepareSeeds();
  await using data = await seededData([modalVersions.newest]);
  await using server = await DorianProcess.start({ dataDirectory: data.path, args: ["--cpus", "2"] });
  void server;
  await deployApp(data.path, source);
  using connection = await sdkConnection(data.path);
  void connection;
  const outcomes: Outcome[] = [];
  for (const { count, ms } of maps) {
    const cold = (name: string) => async () => {
      await eventually(
        () => containersOf(data.path),
        (running) => running.length === 0,
        60_000,
      );
      const started = performance.now();
      const called = RemoteFunction.fromName<(ms: number) => Promise<number>>("scaling", name);
      for await (const done of called.map(Array.from({ length: count }, () => ms))) void done;
      return (performance.now() - started) / 1_000;
    };
    const tried: { n: number; took: number }[] = [];
    for (const n of fixed) tried.push({ n, took: await cold(`fixed${n}`)() });
    const best = tried.reduce((a, b) => (b.took < a.took ? b : a));
    outcomes.push(
      await compare({
        title: `map of ${count} inputs of ${ms} ms on two cores, cold`,
        unit: "s",
        ours: { name: "autoscaler", round: cold("auto") },
        against: { name: `maxContainers: ${best.n}`, round: cold(`fixed${best.n}`) },
        rounds: 3,
        aim,
      }),
    );
  }
  return outcomes;
}
