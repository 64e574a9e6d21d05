import { Cls } from "dorian";
import { sleep } from "@dorian/base/sleep";
import { dorian } from "@dorian/testkit/run-command";
import { benchServer, type BenchServer } from "../harness/bench-server.ts";
import { compare, type Outcome } from "../harness/compare.ts";
import { deployPython } from "../harness/deploy-python.ts";

declare class Loaded {
  first(): Promise<[taskId: string, weight: number]>;
}

/** A call that finds no container of a class that imports PyTorch and makes 512 MiB of weights: from a memory snapshot, and without one. */
export async function run(): Promise<Outcome[]> {
  await using server = await benchServer("echo.ts");
  await deployPython(server.dataDirectory, "snapshot.py");
  const plain = await coldCall(server, "Plain");
  let snapped = await coldCall(server, "Snapped", () => snapshotTaken(server));
  if (plain.weight !== snapped.weight) throw new Error("The two classes have different weights.");
  return [
    await compare({
      title: "Cold call of a Python class with PyTorch and 512 MiB of weights",
      unit: "ms",
      ours: {
        name: "remote() from zero containers, by a memory snapshot",
        async round() {
          const former = snapped;
          snapped = await coldCall(server, "Snapped");
          if (snapped.weight !== former.weight) throw new Error("The weights came back as others.");
          return snapped.milliseconds;
        },
      },
      against: {
        name: "the same without a memory snapshot",
        round: async () => (await coldCall(server, "Plain")).milliseconds,
      },
      rounds: 7,
      aim: 0.2,
    }),
  ];
}

/** Calls a class that has no container, and ends the container once `done`. */
async function coldCall(server: BenchServer, name: string, done: () => Promise<void> = async () => {}) {
  const model = Cls.fromName<typeof Loaded>("bench-snapshot", name).instance();
  const started = performance.now();
  const [taskId, weight] = await model.first.remote();
  const milliseconds = performance.now() - started;
  await done();
  const { modal } = server.transport;
  await modal.containerStop({ taskId });
  const signal = AbortSignal.timeout(30_000);
  while ((await modal.taskList({})).tasks.some((task) => task.taskId === taskId)) await sleep(50, { signal });
  // The next round must not pay for what this one left to do.
  await sleep(500, { signal });
  return { milliseconds, weight };
}

async function snapshotTaken({ dataDirectory }: BenchServer): Promise<void> {
  const signal = AbortSignal.timeout(120_000);
  for (;;) {
    const { code, stdout, stderr } = await dorian(dataDirectory, ["snapshot", "list", "--json"]);
    if (code !== 0) throw new Error(stderr);
    if ((JSON.parse(stdout) as unknown[]).length > 0) return;
    await sleep(500, { signal });
  }
}
