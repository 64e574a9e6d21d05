import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { orAborted } from "@dorian/base/or-aborted";
import type { ContainerMount } from "../container/container-spec.ts";
import { prepareContainer } from "../container/prepare-container.ts";
import type { Container, ContainerExit, ContainerRuntime } from "../container/runtime.ts";
import type { BuildEnvironment } from "./build-environment.ts";
import type { UserNamespace } from "../user-namespace/user-namespaces.ts";
import { OutputLines } from "../log/output-lines.ts";
import type { BuildStage } from "./build-stage.ts";
import type { StepCommand } from "./dockerfile/instruction.ts";

export type OnLog = (stream: "stdout" | "stderr", text: string) => void;

export interface RunStepOptions {
  /** Unique on this worker. */
  containerId: string;
  stage: BuildStage;
  runtime: ContainerRuntime;
  network: { path: string; address: string; resolvConf: string };
  /** That the network belongs to. Undefined: the host's. */
  userNamespace: UserNamespace | undefined;
  operator: BuildEnvironment;
  /** Volumes, and what the step's flags name. */
  mounts: readonly ContainerMount[];
  secretEnv: Record<string, string>;
  /** Names of GPUs. */
  devices: readonly string[];
  /** For the files that are mounted. */
  directory: string;
  onContainer: (container: Container) => void;
  onLog: OnLog;
  signal: AbortSignal;
}

/** Where a here-document is that says itself what runs it. */
const scriptPath = "/run/dorian/script";

/**
 * Runs a command in a container on the stage's root file system.
 *
 * @throws AppError BUILD_STEP_FAILED when it does not end with 0; the signal's reason on abort, after the container and
 * all its processes are gone.
 */
export async function runStep(command: StepCommand, text: string, options: RunStepOptions): Promise<void> {
  const { stage, signal, onLog, userNamespace } = options;
  const { config } = stage;
  const program = await programOf(command, options);
  const shell = config.shell.length > 0 ? config.shell : ["/bin/sh", "-c"];
  const spec = await prepareContainer({
    id: options.containerId,
    rootfs: await stage.root(userNamespace),
    args: program.script === undefined ? program.args : [...shell, program.script],
    // Build arguments are to steps as the image's environment will be.
    config: { ...config, env: { ...Object.fromEntries(stage.args), ...config.env } },
    env: {
      operator: { DEBIAN_FRONTEND: "noninteractive", ...options.operator.env },
      secrets: options.secretEnv,
    },
    usualDirectory: "/",
    mounts: [...options.operator.mounts, ...program.mounts, ...options.mounts],
    network: options.network,
    userNamespace,
    limits: {},
    devices: [...options.devices],
    directory: options.directory,
  });
  stage.addMountTargets(spec.mounts.map((mount) => mount.target));
  using output = outputOf(onLog);
  signal.throwIfAborted();
  await using container = await options.runtime.run(spec, {
    onOutput: (stream, chunk) => output.lines.write(stream, chunk),
    signal,
  });
  options.onContainer(container);
  const exit = await orAborted(container.exited, signal);
  if (exit.code !== 0) throw stepError(text, exit);
}

/** What a step prints, with an end for its last line: the next step's words are not part of it. */
function outputOf(onLog: OnLog): { lines: OutputLines } & Disposable {
  const unfinished = { stdout: false, stderr: false };
  const lines = new OutputLines({
    emit(stream, text) {
      unfinished[stream] = !text.endsWith("\n");
      onLog(stream, text);
    },
    note: (text) => onLog("stdout", `${text}\n`),
  });
  return {
    lines,
    [Symbol.dispose]() {
      lines[Symbol.dispose]();
      for (const stream of ["stdout", "stderr"] as const) if (unfinished[stream]) onLog(stream, "\n");
    },
  };
}

/** What a command starts: a program, or a script for the shell, and the file that the script may be. */
async function programOf(command: StepCommand, { directory }: RunStepOptions) {
  if (command.kind === "exec") return { args: command.args, mounts: [] };
  if (command.kind === "shell") return { script: command.script, mounts: [] };
  const source = join(directory, "script");
  await writeFile(source, command.content);
  await chmod(source, 0o755);
  return { script: scriptPath, mounts: [{ source, target: scriptPath, readOnly: true }] };
}

function outOfMemory(shown: string, limitBytes: number | undefined): AppError {
  const limit =
    limitBytes === undefined
      ? "all containers of the worker together have used what they may"
      : `its limit is ${Math.floor(limitBytes / 2 ** 20)} MiB`;
  return new AppError("BUILD_STEP_OUT_OF_MEMORY", `"${shown}" ran out of memory: ${limit}.`, {
    status: "RESOURCE_EXHAUSTED",
    remedy:
      "Let the step do less at a time (`make -j2`, `MAX_JOBS=2`), or give containers more with --container-memory or --memory of `dorian up` or `dorian worker`.",
  });
}

function stepError(text: string, exit: ContainerExit): AppError {
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  if (exit.outOfMemory) return outOfMemory(shown, exit.memoryLimitBytes);
  const how = exit.signal === undefined ? `ended with code ${exit.code}` : `was ended by ${exit.signal}`;
  return new AppError("BUILD_STEP_FAILED", `"${shown}" ${how}.`, {
    remedy: "The build's output says why.",
  });
}
