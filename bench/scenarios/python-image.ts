import { Function as RemoteFunction } from "dorian";
import { sleep } from "@dorian/base/sleep";
import { bareContainer } from "../harness/bare-container.ts";
import { benchServer, type BenchServer } from "../harness/bench-server.ts";
import { compare, type Outcome } from "../harness/compare.ts";
import { layersOf } from "../harness/container-layers.ts";
import { deployPython } from "../harness/deploy-python.ts";
import { plainInstall } from "../harness/plain-install.ts";

const app = "torch_image.py";
const commands = [
  "apt-get update",
  "apt-get install -y --no-install-recommends python3-torch",
  "python -m pip install safetensors==0.4.5",
].join(" && ");

/** An image with PyTorch: its first build, the command when it is built already, and a cold call that imports it. */
export async function run(): Promise<Outcome[]> {
  await using server = await benchServer("echo.ts");
  const timedDeploy = async (round: string) => {
    const started = performance.now();
    await deployPython(server.dataDirectory, app, { ROUND: round });
    return performance.now() - started;
  };
  await timedDeploy("0");
  const base = await layersUsed(server, "whoami");
  let round = 0;
  const build = await compare({
    title: "First build of an image with PyTorch, from debian_slim()",
    unit: "ms",
    ours: { name: "modal deploy, image never built before", round: () => timedDeploy(String((round += 1))) },
    against: { name: "same commands in a chroot", round: () => plainInstall({ lower: base, commands }) },
    rounds: 3,
    aim: 1.3,
  });
  const client = await deployPython(server.dataDirectory, app, { ROUND: "0" });
  const again = await compare({
    title: "Deploy of an unchanged app with PyTorch in its image (must stay below 2000 ms)",
    unit: "ms",
    ours: { name: "modal deploy, image built already", round: () => timedDeploy("0") },
    against: {
      name: "modal volume list: a command and one call",
      async round() {
        const started = performance.now();
        await client.modal(["volume", "list"]);
        return performance.now() - started;
      },
    },
    rounds: 5,
    aim: 2,
  });
  await using floor = await bareContainer({
    lower: await layersUsed(server, "torch_version"),
    args: ["python", "-c", "import modal, torch"],
    env: ["PYTHONPATH=/pkg"],
  });
  const cold = await compare({
    title: "Cold call of a Python function that imports PyTorch",
    unit: "ms",
    ours: {
      name: "remote() from zero containers",
      round: async () => (await coldCall(server, "torch_version")).milliseconds,
    },
    against: { name: "runc run, import modal and torch, same root", round: () => floor.run() },
    rounds: 10,
    aim: 1.3,
  });
  return [build, again, cold];
}

async function coldCall(server: BenchServer, name: string) {
  const call = RemoteFunction.fromName<() => Promise<string | [string, string]>>("bench-torch", name);
  const started = performance.now();
  const answer = await call.remote();
  const milliseconds = performance.now() - started;
  const taskId = typeof answer === "string" ? answer : answer[0];
  const lower = await layersOf(taskId, server.dataDirectory);
  const { modal } = server.transport;
  await modal.containerStop({ taskId });
  const signal = AbortSignal.timeout(30_000);
  while ((await modal.taskList({})).tasks.some((task) => task.taskId === taskId)) await sleep(50, { signal });
  // The next round must not pay for what this one left to do.
  await sleep(500, { signal });
  return { milliseconds, lower };
}

async function layersUsed(server: BenchServer, name: string): Promise<string[]> {
  return (await coldCall(server, name)).lower;
}
