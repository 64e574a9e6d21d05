import { join } from "node:path";
import { sleep } from "@dorian/base/sleep";
import { sdkConnection } from "@dorian/testkit/connection";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { prepareSeeds, seededData } from "@dorian/testkit/seeded-data";
import { askPython } from "../harness/ask-python.ts";
import { bareContainer } from "../harness/bare-container.ts";
import { compare, type Outcome } from "../harness/compare.ts";
import { layersOf } from "../harness/container-layers.ts";

/** A call of a Python class that finds no container, against `runc run` of the same files with an import of the client. */
export async function run(): Promise<Outcome[]> {
  await prepareSeeds();
  await using data = await seededData([modalVersions.newest]);
  await using server = await DorianProcess.start({ dataDirectory: data.path });
  void server;
  const client = await ModalClient.open(modalVersions.newest, data.path);
  const deployed = await client.modal(["deploy", "cold.py"], { cwd: join(import.meta.dirname, "../apps") });
  if (deployed.code !== 0) throw new Error(deployed.stdout + deployed.stderr);
  using transport = await sdkConnection(data.path);
  await using rounds = askPython(client, "cold_rounds.py");
  const call = async () => {
    const [seconds = "", taskId = ""] = (await rounds.ask("call")).split(" ");
    return { milliseconds: Number(seconds) * 1000, taskId };
  };
  const stop = async (taskId: string) => {
    await transport.modal.containerStop({ taskId });
    const signal = AbortSignal.timeout(30_000);
    while ((await transport.modal.taskList({})).tasks.some((task) => task.taskId === taskId))
      await sleep(50, { signal });
    // The next round must not pay for what this one left to do.
    await sleep(500, { signal });
  };
  const first = await call();
  const lower = await layersOf(first.taskId, server.dataDirectory);
  await stop(first.taskId);
  await using floor = await bareContainer({
    lower,
    args: ["python", "-c", "import modal"],
    env: ["PYTHONPATH=/pkg"],
  });
  return [
    await compare({
      title: "Cold call of a Python class: from remote() to the result, no container running",
      unit: "ms",
      ours: {
        name: "remote() from zero containers",
        async round() {
          const { milliseconds, taskId } = await call();
          await stop(taskId);
          return milliseconds;
        },
      },
      against: { name: "runc run, import modal, same root file system", round: () => floor.run() },
      rounds: 15,
      aim: 1.3,
    }),
  ];
}
