import { join } from "node:path";
import { noteCommand } from "@dorian/testkit/evidence/evidence";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { atTerminal, type TerminalSession } from "@dorian/testkit/terminal-session";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const source = `
import { App, Image } from "dorian";
export const app = new App("keeper", { image: Image.debianSlim() });
export const keep = app.function({ name: "keep", minContainers: 1 }, async () => "kept");
`;

let server: RunningServer;
let taskId: string;
const clients = new Map<string, ModalClient>();

beforeAll(async () => {
  server = await runningServer({ clients: Object.values(modalVersions), apps: [source] });
  for (const version of Object.values(modalVersions))
    clients.set(version, await ModalClient.open(version, server.dataDirectory));
  taskId = await vi.waitFor(
    async () => {
      const { stdout } = await dorian(server.dataDirectory, ["container", "list", "--json"]);
      const [first] = JSON.parse(stdout) as { taskId: string; state: string }[];
      expect(first?.state).toMatch(/idle|running/);
      return first?.taskId ?? "";
    },
    { timeout: 60_000, interval: 200 },
  );
});

afterAll(() => server[Symbol.asyncDispose]());

function client(version: string): ModalClient {
  const found = clients.get(version);
  if (!found) throw new Error(`There is no client ${version}.`);
  return found;
}

function exec(version: string, command: string[], options: { input?: string } = {}): Promise<CommandResult> {
  return client(version).modal(["container", "exec", "--no-pty", taskId, "--", ...command], options);
}

/** `modal …` of a version, at a terminal. */
function modalAt<T>(
  version: string,
  args: string[],
  work: (session: TerminalSession) => Promise<T>,
  options: { cwd?: string } = {},
): Promise<T> {
  const { directory, environment } = client(version);
  noteCommand(version, args);
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...env } = process.env;
  return atTerminal([join(directory, "bin/modal"), ...args], work, {
    ...options,
    env: { ...env, ...environment },
  });
}

test.for(["1.6.4", "1.0.5"] as const)(
  "client %s runs a command in a container and shows both streams",
  async (version) => {
    const { stdout, stderr } = await exec(version, [
      "sh",
      "-c",
      "echo to stdout; echo to stderr >&2; echo $MODAL_TASK_ID",
    ]);
    expect(stdout + stderr).toContain("to stdout\n");
    expect(stdout + stderr).toContain("to stderr\n");
    expect(stdout).toContain(taskId);
  },
);

test.for(Object.values(modalVersions))(
  "client %s works with a shell at a terminal, and Ctrl-C reaches what runs",
  async (version) => {
    await modalAt(
      version,
      ["container", "exec", "--pty", taskId, "/bin/sh"],
      async ({ type, see, ended }) => {
        await see("# ");
        type("stty size; echo term=$TERM\n");
        await see("24 100");
        await see("term=xterm-256color");
        // A program of its own, so that whoever says it sleeps is who Ctrl-C reaches.
        type("sh -c 'echo asle\"\"ep; exec sleep 60'\n");
        await see("asleep");
        type("\u0003");
        await see("# ");
        type("echo still $((40+2))\n");
        await see("still 42");
        type("exit 0\n");
        expect(await ended).toBe(0);
      },
    );
  },
);

test("a program that is not in the container is said so at once", async () => {
  const { stdout, stderr } = await exec("1.6.4", ["no-such-program"]);
  expect(stdout + stderr).toContain("Could not run no-such-program");
});

test("a container that is not there is said so", async () => {
  const gone = "ta-0123456789012345678901";
  for (const version of ["1.6.4", "1.0.5"]) {
    const { code, stderr } = await client(version).modal(["container", "exec", "--no-pty", gone, "--", "ls"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`There is no container ${gone}.`);
  }
});

test("modal shell joins a running container", async () => {
  await modalAt("1.6.4", ["shell", taskId, "--cmd", "/bin/sh"], async ({ type, see, ended }) => {
    await see("# ");
    type("echo in $MODAL_TASK_ID; exit\n");
    await see(`in ${taskId}`);
    expect(await ended).toBe(0);
  });
});

const shellApp = `
import modal
app = modal.App("shell-app") if hasattr(modal, "App") else modal.Stub("shell-app")
volume = modal.Volume.from_name("shell-volume", create_if_missing=True)
@app.function(image=modal.Image.debian_slim("3.11"), volumes={"/volume": volume}, secrets=[modal.Secret.from_dict({"WORD": "secret-word"})])
def work():
    pass
`;

test.for(["1.6.4", "0.64.57", "0.62.181"] as const)(
  "client %s opens a shell with a function's image, code, volumes and secrets",
  async (version) => {
    await using project = await temporaryDirectory({ "shell_app.py": shellApp });
    const args = ["shell", "shell_app.py::work", "--cmd", "/bin/sh"];
    await modalAt(
      version,
      args,
      async ({ type, see, ended }) => {
        await see("# ");
        type("echo $WORD; ls /root; pwd; echo kept > /volume/note\n");
        await see("secret-word");
        await see("shell_app.py");
        type("exit\n");
        expect(await ended).toBe(0);
      },
      { cwd: project.path },
    );
    // Its container goes with its app, and what it wrote to the volume stays.
    await vi.waitFor(
      async () => {
        const { stdout } = await dorian(server.dataDirectory, ["container", "list"]);
        expect(stdout).not.toContain("sandbox");
      },
      { timeout: 30_000, interval: 200 },
    );
    const { stdout } = await client("1.6.4").modal(["volume", "get", "shell-volume", "note", "-"]);
    expect(stdout).toContain("kept");
  },
);

test("modal shell runs a command on an image by its id", async () => {
  const { stdout: list } = await dorian(server.dataDirectory, ["image", "list", "--json"]);
  const images = JSON.parse(list) as { imageId: string; description: string }[];
  const debian = images.find(({ description }) => description.startsWith("FROM debian"));
  const args = ["shell", "--no-pty", "--cmd", "cat /etc/debian_version; exit 3", debian?.imageId ?? ""];
  const { stdout } = await client("1.6.4").modal(args);
  expect(stdout).toMatch(/^12\.\d+$/m);
});

test("a sandbox beyond what a shell needs is refused with its reason", async () => {
  const program = `
import modal
app = modal.App.lookup("sandboxes", create_if_missing=True)
image = modal.Image.debian_slim("3.11")
try:
    modal.Sandbox.create("sleep", "5", app=app, image=image, encrypted_ports=[80])
except Exception as error:
    print(type(error).__name__, error)
sandbox = modal.Sandbox.create("sleep", "60", app=app, image=image, workdir="/tmp")
process = sandbox.exec("sh", "-c", "pwd; exit 4")
print(process.stdout.read().strip(), process.wait())
sandbox.terminate()
print(sandbox.wait(raise_on_termination=False))
`;
  const { stdout, stderr } = await client("1.6.4").python(["-c", program]);
  expect(stdout, stderr).toMatch(/^UnimplementedError Open ports of a sandbox: not served/m);
  expect(stdout, stderr).toContain("/tmp 4");
});

test("a sandbox without a command runs its image's, and what is not served is refused when it is made [A17]", async () => {
  const program = `
import modal
app = modal.App.lookup("sandboxes", create_if_missing=True)
image = modal.Image.debian_slim("3.11")
def is_alive(sandbox):
    code = sandbox.exec("true").wait()
    return code == 0 and sandbox.poll() is None
def first(*args, **kwargs):
    try:
        return modal.Sandbox.create(*args, app=app, **kwargs)
    except Exception as error:
        print(type(error).__name__, error)
plain = first()
waiting = first(image=image.cmd(["sh"]))
echo = first("five", "six", image=image.entrypoint(["sh", "-c", 'echo "$0 $1" > /tmp/said; sleep 60']))
print("plain", is_alive(plain), "waiting", is_alive(waiting))
print("entry point:", echo.exec("sh", "-c", "while [ ! -s /tmp/said ]; do sleep 0.1; done; cat /tmp/said").stdout.read())
first(image=image.cmd([]))
first("true", name="mine", tags={"a": "b"}, encrypted_ports=[1])
for sandbox in (plain, waiting, echo):
    sandbox.terminate()
`;
  const { stdout, stderr } = await client("1.6.4").python(["-c", program]);
  expect(stdout, stderr).toContain("plain True waiting True");
  expect(stdout, stderr).toContain("entry point: five six");
  expect(stdout, stderr).toMatch(
    /^InvalidError The sandbox has no command, and its image has none either\./m,
  );
  expect(stdout, stderr).toMatch(/^UnimplementedError A name, Open ports, Tags of a sandbox: not served/m);
});

test("large output arrives whole and in order", async () => {
  const { stdout } = await exec("1.6.4", ["seq", "1", "200000"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(200_000);
  expect(lines.findIndex((line, index) => line !== String(index + 1))).toBe(-1);
});

const processes = `
import sys
from modal.client import _Client
from modal._utils.async_utils import synchronizer
from modal.sandbox._impl_v1 import command_router_access_fetcher
from modal.sandbox._task_command_router_client import TaskCommandRouterClient
from modal.container_process import _ContainerProcess
from modal_proto import task_command_router_pb2 as pb
import time, uuid

async def run(task_id, args, *, stdin=None, **options):
    client = await _Client.from_env()
    router = await TaskCommandRouterClient.connect(client, task_id, command_router_access_fetcher(client, task_id))
    exec_id = str(uuid.uuid4())
    request = pb.TaskExecStartRequest(task_id=task_id, exec_id=exec_id, command_args=args, stdout_config=pb.TASK_EXEC_STDOUT_CONFIG_PIPE, stderr_config=pb.TASK_EXEC_STDERR_CONFIG_PIPE, **options)
    await router.exec_start(request)
    await router.exec_start(request)
    process = _ContainerProcess(exec_id, task_id, client, command_router_client=router)
    assert await process.poll() is None
    if stdin is not None:
        process.stdin.write(stdin)
        process.stdin.write_eof()
        await process.stdin.drain()
    out = await process.stdout.read()
    code = await process.wait()
    return out, code

async def main(task_id):
    print(await run(task_id, ["sh", "-c", "wc -c; exit 7"], stdin=b"x" * 300000))
    print(await run(task_id, ["sh", "-c", "pwd; echo $GREETING; sleep 0.2"], workdir="/tmp", env={"GREETING": "hello"}))
    began = time.monotonic()
    print(await run(task_id, ["sh", "-c", "echo begun; sleep 60"], timeout_secs=1), time.monotonic() - began < 50)

synchronizer.create_blocking(main, "main", __name__)(sys.argv[1])
`;

test("a command's input, directory, environment, time limit and exit code are as asked", async () => {
  const { stdout, stderr } = await client("1.6.4").python(["-c", processes, taskId]);
  expect(stdout.split("\n"), stderr).toEqual([
    "('300000\\n', 7)",
    "('/tmp\\nhello\\n', 0)",
    "('begun\\n', 137) True",
    "",
  ]);
});

test("where the client would refuse an address without TLS, it is told what to do", async () => {
  const { environment } = client("1.6.4");
  const url = new URL(environment["MODAL_SERVER_URL"] ?? "");
  // The loopback network has more addresses than the one that clients know.
  const elsewhere = { MODAL_SERVER_URL: `http://127.1:${url.port}` };
  const args = ["container", "exec", "--no-pty", taskId, "--", "true"];
  const { code, stderr } = await client("1.6.4").modal(args, { env: elsewhere });
  expect(code).not.toBe(0);
  expect(stderr).toContain("dorian container exec");
  expect(stderr).toContain(`ssh -L ${url.port}:localhost:${url.port}`);
});
