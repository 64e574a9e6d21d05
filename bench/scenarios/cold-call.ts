import { Function as RemoteFunction } from "dorian";
import { sleep } from "@dorian/base/sleep";
import { bareContainer } from "../harness/bare-container.ts";
import { benchServer } from "../harness/bench-server.ts";
import { compare, type Outcome } from "../harness/compare.ts";
import { layersOf } from "../harness/container-layers.ts";

/** A call that finds no container against `runc run` of the same image with a Node that does nothing. */
export async function run(): Promise<Outcome[]> {
  await using server = await benchServer("echo.ts");
  const { modal } = server.transport;
  const whoami = RemoteFunction.fromName<() => Promise<string>>("bench-echo", "whoami");
  const stop = async (taskId: string) => {
    await modal.containerStop({ taskId });
    const signal = AbortSignal.timeout(30_000);
    while ((await modal.taskList({})).tasks.some((task) => task.taskId === taskId))
      await sleep(50, { signal });
    // The next round must not pay for what this one left to do.
    await sleep(500, { signal });
  };
  const first = await whoami.remote();
  const lower = await layersOf(first, server.dataDirectory);
  await stop(first);
  await using floor = await bareContainer({ lower, args: ["/usr/local/bin/node", "-e", "0"] });
  const coldCall = async () => {
    const started = performance.now();
    const taskId = await whoami.remote();
    const milliseconds = performance.now() - started;
    await stop(taskId);
    return milliseconds;
  };
  return [
    await compare({
      title: "Cold call: from remote() to the result, no container running",
      unit: "ms",
      ours: { name: "remote() from zero containers", round: coldCall },
      against: { name: "runc run, bare Node, same root file system", round: () => floor.run() },
      rounds: 20,
      aim: 1.5,
    }),
  ];
}
