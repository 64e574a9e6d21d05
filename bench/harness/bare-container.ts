import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { mountOverlay, unmount } from "@dorian/linux/mount";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";

export interface BareContainer extends AsyncDisposable {
  /** Milliseconds from the start of `runc run` to its end. */
  run(): Promise<number>;
}

/** What `runc run` with no platform around it takes to run one command on the layers `lower`, the lowest first. */
export async function bareContainer(options: {
  lower: string[];
  args: string[];
  env?: string[];
}): Promise<BareContainer> {
  await using starting = new AsyncDisposableStack();
  const directory = starting.use(await temporaryDirectory());
  const [root, upper, work] = ["root", "upper", "work"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [root, upper, work]) await mkdir(path);
  mountOverlay(root, { lower: options.lower, upper, work });
  starting.defer(() => void unmount(root));
  await promisify(execFile)("runc", ["spec"], { cwd: directory.path });
  const { default: spec } = await import(join(directory.path, "config.json"), { with: { type: "json" } });
  const config = structuredClone(spec);
  config.process.terminal = false;
  config.process.args = options.args;
  config.process.env.push(...(options.env ?? []));
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
