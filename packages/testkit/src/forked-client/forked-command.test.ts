import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive } from "../dorian-process.ts";
import { eventually } from "../eventually.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../temporary-directory.ts";
import { forkedCommand } from "./forked-command.ts";

const python = "/usr/bin/python3";

/** All that a program may see of how it was begun. */
const looks = `
import io, json, os, signal, sys
import modal
main = sys.modules["__main__"]
def told():
    stream = lambda s: [s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.write_through, s.isatty(), s.seekable()]
    return [
        sys.argv, sys.orig_argv, sys.executable, sys.prefix, sys.path, str(sys.flags), __name__, main.__dict__ is globals(),
        sorted(vars(main)), str(__loader__.__class__ if "__file__" in globals() else __loader__), globals().get("__file__"),
        __package__, __spec__, str(__builtins__), os.getcwd(), dict(os.environ), sys.stdin.read(),
        stream(sys.stdin), stream(sys.stdout), stream(sys.stderr), sorted(os.listdir("/proc/self/fd"))[:3],
        len(os.listdir("/proc/self/fd")), [str(signal.getsignal(s)) for s in (2, 13, 15)], os.umask(0o22), str(sys.excepthook),
        os.popen("env").read().count("CASE"),
    ]
print(json.dumps(told()))
`;

let project: TemporaryDirectory;
let run: ReturnType<typeof spawn>;

beforeAll(async () => {
  run = spawn("sleep", ["1000"]);
  project = await temporaryDirectory({
    "modal/__init__.py": "",
    "modal/__main__.py": "import os\nimported_by = os.getpid()\n",
    "looks.py": looks,
    "fails.py": "def f(n):\n    return 1 / n\nf(0)\n",
  });
});

afterAll(async () => {
  run.kill();
  await project[Symbol.asyncDispose]();
});

const environment = () => ({
  ...process.env,
  PYTHONPATH: project.path,
  PYTHONDONTWRITEBYTECODE: "1",
  CASE: "1",
});

function commandsOf(args: string[]): { started: string[]; forked: string[] } {
  const about = { python, version: "test", args, env: {}, isUnbuffered: false, run: String(run.pid) };
  return { started: [python, ...args], forked: forkedCommand(about) ?? [] };
}

function endOf([program = "", ...args]: string[]) {
  const options = { cwd: project.path, env: environment(), input: "given", encoding: "utf8" } as const;
  const { status, signal, stdout, stderr } = spawnSync(program, args, options);
  return { status, signal, stdout, stderr };
}

test.each([
  ["a script", ["looks.py", "one", "--two=\u00e9"]],
  ["a script by its whole path", ["$HERE/looks.py", ""]],
  ["a program", ["-c", looks, "-x", "a b"]],
])("%s that is forked sees what one that is started sees", (_, args) => {
  const { started, forked } = commandsOf(args.map((arg) => arg.replace("$HERE", project.path)));
  const expected = endOf(started);
  expect(expected).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("given") });
  expect(endOf(forked)).toEqual(expected);
});

test.each([
  ["returns", "print('ended')"],
  ["exits with a code", "import sys; print('out'); sys.exit(3)"],
  ["exits with words", "import sys; sys.exit('not so')"],
  ["ends at once", "import os; os._exit(7)"],
  ["fails", "def f(n):\n  return 1 / n\nf(0)"],
  ["is no program", "def"],
  ["has a hook for what fails", "import sys\nsys.excepthook = lambda *a: print('hook', a[1])\n1 / 0"],
  ["is ended by a signal", "import os; os.kill(os.getpid(), 15)"],
  ["is interrupted", "import os, time\nprint('before')\nos.kill(os.getpid(), 2)\ntime.sleep(50)"],
  ["does the last things last", "import atexit; atexit.register(print, 'last'); print('first')"],
  [
    "has threads",
    "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()",
  ],
])("a forked program that %s ends as one that is started", (_, program) => {
  const { started, forked } = commandsOf(["-c", program]);
  expect(endOf(forked)).toEqual(endOf(started));
});

test("the stack of a script that fails begins with the script", () => {
  const { started, forked } = commandsOf(["fails.py"]);
  expect(endOf(forked)).toEqual(endOf(started));
});

test("one process imports the client, and each command has a process of its own", () => {
  const { forked } = commandsOf([
    "-c",
    "import os, modal.__main__; print(modal.__main__.imported_by, os.getpid(), os.getppid())",
  ]);
  const [first, second] = [endOf(forked), endOf(forked)].map(({ stdout }) => stdout.trim().split(" "));
  expect(first?.[0]).toBe(second?.[0]);
  expect(first?.[0]).toBe(first?.[2]);
  expect(first?.[1]).not.toBe(second?.[1]);
});

async function held(program: string) {
  const [command = "", ...args] = commandsOf(["-c", program]).forked;
  const child = spawn(command, args, {
    cwd: project.path,
    env: environment(),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output += text.toString()));
  const closed = once(child, "close");
  await eventually(
    async () => output,
    (text) => text.includes("\n"),
  );
  return { child, closed, output: () => output };
}

const holds = "import os, time; print(os.getpid(), os.getppid(), flush=True); time.sleep(500)";

test("signals reach a forked command", async () => {
  const interrupted = await held(
    "import time\nprint('up', flush=True)\ntry: time.sleep(500)\nexcept KeyboardInterrupt: print('told')",
  );
  interrupted.child.kill("SIGINT");
  expect(await interrupted.closed).toEqual([0, null]);
  expect(interrupted.output()).toBe("up\ntold\n");
  const terminated = await held(holds);
  terminated.child.kill("SIGTERM");
  expect(await terminated.closed).toEqual([null, "SIGTERM"]);
});

test("a command ends with what stands for it, and all with the test run", async () => {
  const one = await held(holds);
  const [killed, parent] = one.output().trim().split(" ").map(Number);
  one.child.kill("SIGKILL");
  await one.closed;
  await expect.poll(() => existsSync(`/proc/${killed}`)).toBe(false);
  const other = await held(holds);
  const [pid, sameParent] = other.output().trim().split(" ").map(Number);
  expect(sameParent).toBe(parent);
  run.kill();
  await other.closed;
  await expect.poll(() => [pid, parent].filter((each = 0) => isAlive(each))).toEqual([]);
});

test("what is read at import, and other forms of a command, start from nothing", () => {
  const about = { python, version: "1", args: ["x.py"], env: {}, isUnbuffered: false, run: "1" };
  expect(forkedCommand(about)).toBeDefined();
  expect(forkedCommand({ ...about, env: { KIND: "a" } })).toBeDefined();
  expect(forkedCommand({ ...about, env: { MODAL_PROFILE: "a" } })).toBeUndefined();
  expect(forkedCommand({ ...about, env: { PYTHONUNBUFFERED: "1" } })).toBeUndefined();
  expect(forkedCommand({ ...about, args: ["-m", "modal"] })).toBeUndefined();
  expect(forkedCommand({ ...about, args: [] })).toBeUndefined();
});
