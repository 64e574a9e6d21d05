import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inContainer } from "./platform-environment.ts";
import { pythonStart } from "./python-start.ts";

/** Stands for the official client's module: its argument says what user code does. */
const program = `
import os, signal, sys, threading
import beside

def child(act):
    pid = os.fork()
    if pid == 0:
        act()
        os._exit(0)
    os.waitpid(pid, 0)

if __name__ == "__main__":
    exec(sys.argv[1])
`;

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  const start = pythonStart.replace(inContainer.ownSignal, "told");
  directory = await temporaryDirectory({ "entry.py": program, "beside.py": "", "layer/start.py": start });
});
afterAll(() => directory[Symbol.asyncDispose]());

function run(act: string, args: string[] = ["layer/start.py", "entry"]) {
  const told = join(directory.path, "told");
  rmSync(told, { force: true });
  // In a process group of its own, as the init gives it one.
  const command = ["/usr/bin/python3", ...args, act];
  const { stdout, stderr, signal } = spawnSync("setsid", command, { cwd: directory.path });
  return {
    told: existsSync(told) ? readFileSync(told, "utf8") : "",
    signal,
    stdout: stdout.toString(),
    stderr: stderr.toString(),
  };
}

test.for([
  ["os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"],
  ["os.kill(os.getpid(), 15)", "SIGTERM"],
  ["os.kill(0, signal.SIGHUP)", "SIGHUP"],
  ["os.kill(-os.getpgrp(), signal.SIGTERM)", "SIGTERM"],
  ["os.killpg(os.getpgrp(), signal.SIGQUIT)", "SIGQUIT"],
  ["signal.raise_signal(signal.SIGTERM)", "SIGTERM"],
  ["signal.pthread_kill(threading.get_ident(), signal.SIGHUP)", "SIGHUP"],
  ["child(lambda: os.kill(os.getppid(), signal.SIGKILL))", "SIGKILL"],
] as const)("%s is written down as what ended the process [A5]", ([act, signal]) => {
  expect(run(act)).toMatchObject({ told: signal, signal });
});

test.for([
  "child(lambda: os.kill(os.getpid(), signal.SIGKILL))",
  "child(lambda: signal.raise_signal(signal.SIGTERM))",
  "signal.signal(signal.SIGTERM, lambda *_: None); os.kill(os.getpid(), signal.SIGTERM)",
  "signal.signal(signal.SIGHUP, signal.SIG_IGN); os.kill(os.getpid(), signal.SIGHUP)",
  "os.kill(os.getpid(), 0)",
  "os.kill(os.getpid(), signal.SIGWINCH)",
])("%s ends nothing and is not written down", (act) => {
  expect(run(act)).toEqual({ told: "", signal: null, stdout: "", stderr: "" });
});

test.for([
  "print(sys.path[0], os.path.basename(sys.argv[0]), sys.argv[1:], __spec__.name, sorted(set(globals()) - {'start'}))",
  "import multiprocessing as m; print(m.get_context('spawn').Pool(1).map(abs, [-1]))",
  "import pickle; print(pickle.loads(pickle.dumps(os.kill)).__name__, os.kill.__qualname__)",
  "os.kill(2 ** 22 + 1, 9)",
  "os.kill('x', 9)",
  "os.kill(os.getpid())",
])("a module finds all as `python -m` would have it: %s", (act) => {
  const started = run(act);
  const plain = run(act, ["-m", "entry"]);
  const lastLine = (text: string) => text.trim().split("\n").at(-1);
  expect(started.stdout).toBe(plain.stdout);
  expect(lastLine(started.stderr)).toBe(lastLine(plain.stderr));
});
