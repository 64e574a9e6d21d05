import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { mountOverlay, unmount } from "@dorian/linux/mount";
import { RemoteFunction } from "@dorian/sdk/function/remote-function";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { sleep } from "@dorian/base/sleep";
import { benchServer } from "../harness/bench-server.ts";
import { compare, type Outcome } from "../harness/compare.ts";

/** A call that finds no container against `runc run` of the same image with a Node that does nothing. */
export async function run(): Promise<Outcome[]> {
  await using server = await benchServer("echo.ts");
  await using floor = await bareContainer(server.dataDirectory);
  const { modal } = server.transport;
  const whoami = RemoteFunction.fromName<() => Promise<string>>("bench-echo", "whoami");
  const coldCall = async () => {
    const started = performance.now();
    const taskId = await whoami.remote();
    const milliseconds = performance.now() - started;
    await modal.containerStop({ taskId });
    const signal = AbortSignal.timeout(30_000);
    while ((await modal.taskList({})).tasks.some((task) => task.taskId === taskId))
      await sleep(50, { signal });
    // The next round must not pay for what this one left to do.
    await sleep(500, { signal });
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

async function bareContainer(dataDirectory: string): Promise<{ run(): Promise<number> } & AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const directory = starting.use(await temporaryDirectory());
  const [root, upper, work] = ["root", "upper", "work"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [root, upper, work]) await mkdir(path);
  const layers = await readdir(join(dataDirectory, "layers"));
  mountOverlay(root, { lower: layers.map((layer) => join(dataDirectory, "layers", layer)), upper, work });
  starting.defer(() => void unmount(root));
  await promisify(execFile)("runc", ["spec"], { cwd: directory.path });
  const { default: spec } = await import(join(directory.path, "config.json"), { with: { type: "json" } });
  const config = structuredClone(spec);
  config.process.terminal = false;
  config.process.args = ["/usr/local/bin/node", "-e", "0"];
  config.root = { path: root, readonly: false };
  await writeFile(join(directory.path, "config.json"), JSON.stringify(config));
  let count = 0;
  const resources = starting.move();
  return {
    async run() {
      count += 1;
      const started = performance.now();
      const child = spawn("runc", ["run", `bench-${process.pid}-${count}`], {
        cwd: directory.path,
        stdio: "ignore",
      });
      const [code] = (await once(child, "exit")) as [number];
      if (code !== 0) throw new Error(`runc run ended with ${code}`);
      return performance.now() - started;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
