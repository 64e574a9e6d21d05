import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AppError } from "@dorian/base/app-error";
import { ContainerRuntimes, type RuntimePolicy } from "./container-runtimes.ts";
import { runscEngine } from "./runc/engine.ts";
import { RuncRuntime, type RuncRuntimeOptions } from "./runc/runc-runtime.ts";

const patienceMs = 10_000;

/**
 * The runtimes of this machine: runc, and gVisor where it is installed.
 *
 * @throws AppError RUNTIME_MISSING when the operator chose one that is not installed
 */
export async function openRuntimes(
  options: RuncRuntimeOptions,
  policy: RuntimePolicy,
): Promise<ContainerRuntimes> {
  const hasRunsc = await answers(runscEngine.program);
  if (!hasRunsc && [policy.standard, policy.untrusted].includes("runsc")) {
    throw new AppError("RUNTIME_MISSING", `The program ${runscEngine.program} was not found.`, {
      remedy: `Install it on the worker's machine: \`apt-get install ${runscEngine.debianPackage}\`.`,
    });
  }
  return new ContainerRuntimes(
    {
      runc: new RuncRuntime({ ...options, startsAhead: true }),
      ...(hasRunsc && { runsc: new RuncRuntime({ ...options, engine: runscEngine }) }),
    },
    policy,
  );
}

async function answers(program: string): Promise<boolean> {
  return promisify(execFile)(program, ["--version"], { timeout: patienceMs }).then(
    () => true,
    () => false,
  );
}
