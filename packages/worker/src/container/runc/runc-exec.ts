import { unlessAbsent } from "@dorian/base/unless-absent";
import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Writable } from "node:stream";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import { removeTree } from "@dorian/linux/remove-tree";
import { PseudoTerminal } from "@dorian/linux/pseudo-terminal";
import { killNow } from "../../cgroup/cgroup.ts";
import type { ContainerSpec, ExecTerminal } from "../container-spec.ts";
import type { ExecOptions } from "../runtime.ts";
import type { OciProcess } from "./oci-config.ts";
import { containerProcess, environment } from "./runc-config.ts";
import { readAtPace } from "./read-pace.ts";
import { lastError } from "./runc-log.ts";
import { shareOomScore } from "./runc-oom-score.ts";
import { signalInside } from "./signal-inside.ts";
import type { ContainerSite } from "./container-site.ts";

/** How long runc may take to start a program that is to be killed. */
const startLimitMs = 5_000;

/** Runs `args` in a running container through `runc exec`; resolves with the exit code. */
export async function runcExec(
  args: string[],
  options: ExecOptions,
  container: { spec: ContainerSpec; site: ContainerSite; name: string },
): Promise<number> {
  const { spec, site, name } = container;
  const { signal, terminal } = options;
  signal.throwIfAborted();
  await using files = new AsyncDisposableStack();
  const file = (kind: string) => join(site.bundle, `${name}.${kind}`);
  files.defer(async () => {
    for (const kind of ["json", "pid", "inner-pid", "log"]) await removeTree(file(kind));
  });
  await describeProcess(
    file("json"),
    {
      ...containerProcess(spec),
      args,
      env: environment({ ...spec.env, ...(terminal && { TERM: "xterm-256color" }), ...options.env }),
      cwd: options.cwd ?? spec.cwd,
      ...(terminal && {
        terminal: true,
        consoleSize: { height: terminal.rows, width: terminal.columns },
      }),
    },
    spec.id,
  );

  const logging = ["--log", file("log"), "--log-format", "json"];
  const { engine } = site;
  const innerPidFile = engine.processes === "sandboxed" ? ["--internal-pid-file", file("inner-pid")] : [];
  const exec = ["exec", "--process", file("json"), "--pid-file", file("pid"), ...innerPidFile, site.engineId];
  const command = ["--root", site.state, ...engine.options(spec), ...logging, ...exec];
  const start = terminal ? withTerminal(terminal) : withPipes;
  using session = start(engine.program, command, options);
  const kill = async (pid: number) => {
    // With its group: runc gives each process a session of its own.
    if (engine.processes === "on the host") return killNow(-pid);
    const inner = await readPid(file("inner-pid"));
    if (inner) signalInside(container, "SIGKILL", inner);
    // What the process has started lives on in there and holds on to its output.
    session.runc.stdout?.destroy();
    session.runc.stderr?.destroy();
  };
  const abort = () => void killProcess(file("pid"), session.runc, kill);
  onAbort(signal, abort);
  files.defer(() => offAbort(signal, abort));
  const code = await session.ended;
  signal.throwIfAborted();
  if ((await readPid(file("pid"))) === undefined) {
    const reason = (await lastError(file("log"))) ?? `${engine.program} ended with code ${code}`;
    throw new AppError("CONTAINER_EXEC_FAILED", `Could not run ${args[0]} in ${spec.id}: ${reason}`, {
      remedy: "Check that the program is in the image and the directory exists.",
    });
  }
  return code;
}

interface Session extends Disposable {
  runc: ChildProcess;
  /** The exit code, once all output was passed on. */
  ended: Promise<number>;
}

function withPipes(program: string, command: string[], options: ExecOptions): Session {
  const runc = spawn(program, command, {
    stdio: [options.stdin ? "pipe" : "ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH },
    detached: true,
  });
  shareOomScore(runc);
  if (runc.stdout) readAtPace(runc.stdout, (chunk) => options.onOutput("stdout", chunk));
  if (runc.stderr) readAtPace(runc.stderr, (chunk) => options.onOutput("stderr", chunk));
  if (options.stdin && runc.stdin) feed(options.stdin, runc.stdin, "end").catch(stopWith(runc));
  return { runc, ended: endOf(runc), [Symbol.dispose]: () => undefined };
}

// runc makes the container's terminal itself and copies between it and the terminal on its own stdio, which is one of
// ours. (Its other way, a console socket, passes a descriptor, and Node cannot receive those.)
function withTerminal(size: ExecTerminal) {
  return (program: string, command: string[], options: ExecOptions): Session => {
    const pty = PseudoTerminal.open(size);
    const { device, stream } = pty;
    const runc = spawn(program, command, {
      stdio: [device, device, device],
      env: { PATH: process.env.PATH },
      detached: true,
    });
    shareOomScore(runc);
    pty.closeDevice();
    readAtPace(stream, (chunk) => options.onOutput("stdout", chunk));
    const drained = new Promise((resolve) => stream.once("close", resolve));
    const finished = new AbortController();
    if (options.stdin) feed(options.stdin, stream, "stay open").catch(stopWith(runc));
    if (size.resizes) follow(size.resizes, pty, runc, finished.signal).catch(stopWith(runc));
    const ended = endOf(runc).then(async (code) => {
      await drained;
      return code;
    });
    return {
      runc,
      ended,
      [Symbol.dispose]: () => {
        finished.abort();
        pty[Symbol.dispose]();
      },
    };
  };
}

function endOf(runc: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    runc.once("error", reject);
    runc.once("close", (code) => resolve(code ?? 137));
  });
}

/** Stops a program whose source of input broke: it must not wait for the rest for ever. */
function stopWith(runc: ChildProcess): () => void {
  return () => runc.kill("SIGHUP");
}

async function feed(
  source: AsyncIterable<Uint8Array>,
  target: Writable,
  last: "end" | "stay open",
): Promise<void> {
  // A process that ends before it has read all its input is no failure.
  const gone = new Promise<"gone">((resolve) => {
    target.once("error", () => resolve("gone"));
    target.once("close", () => resolve("gone"));
  });
  for await (const chunk of source) {
    if (target.destroyed || target.writableEnded) return;
    if (target.write(chunk)) continue;
    const drained = new Promise<"drained">((resolve) => target.once("drain", () => resolve("drained")));
    if ((await Promise.race([drained, gone])) === "gone") return;
  }
  if (last === "end") target.end();
}

async function follow(
  sizes: AsyncIterable<{ rows: number; columns: number }>,
  pty: PseudoTerminal,
  runc: ChildProcess,
  signal: AbortSignal,
): Promise<void> {
  for await (const size of sizes) {
    if (signal.aborted) return;
    pty.resize(size);
    runc.kill("SIGWINCH");
  }
}

// In a file and not on the command line, which every user of the machine can read: the environment holds secrets.
async function describeProcess(path: string, description: OciProcess, id: string): Promise<void> {
  try {
    await writeFile(path, JSON.stringify(description), { mode: 0o600 });
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    throw new AppError("CONTAINER_NOT_RUNNING", `Container ${id} has ended.`, {
      remedy: "`dorian container list` shows the running ones.",
      cause: error,
    });
  }
}

// runc writes the id down when the program has begun already: without waiting for it, the program would stay behind.
async function killProcess(pidFile: string, runc: ChildProcess, kill: (pid: number) => void): Promise<void> {
  const deadline = new Deadline(startLimitMs);
  let pid = await readPid(pidFile);
  while (!pid && runc.exitCode === null && runc.signalCode === null && !deadline.isOver) {
    await delay(10);
    pid = await readPid(pidFile);
  }
  if (!pid) {
    runc.kill("SIGKILL");
    return;
  }
  await kill(pid);
}

async function readPid(path: string): Promise<number | undefined> {
  const text = await unlessAbsent(readFile(path, "utf8"));
  return text === undefined ? undefined : Number(text);
}
