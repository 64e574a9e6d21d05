import { AppError } from "@dorian/base/app-error";
import {
  askedRuntime,
  type ContainerRuntimeName,
  isContainerRuntime,
} from "@dorian/protocol/convention/container-runtime";
import type { ContainerRuntime } from "./runtime.ts";

/** What the operator chose for functions that ask for no runtime. */
export interface RuntimePolicy {
  standard: ContainerRuntimeName;
  /** For functions that are marked as untrusted. */
  untrusted: ContainerRuntimeName;
}

export interface ChosenRuntime {
  name: ContainerRuntimeName;
  runtime: ContainerRuntime;
  /** gVisor has user ids of its own, which nobody else sees. */
  takesUserNamespace: boolean;
}

/** The ways to run a container that this machine has. */
export class ContainerRuntimes implements AsyncDisposable {
  #runtimes: Partial<Record<ContainerRuntimeName, ContainerRuntime>>;
  #policy: RuntimePolicy;

  constructor(runtimes: Partial<Record<ContainerRuntimeName, ContainerRuntime>>, policy: RuntimePolicy) {
    this.#runtimes = runtimes;
    this.#policy = policy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const runtime of Object.values(this.#runtimes)) await runtime[Symbol.asyncDispose]();
  }

  get names(): ContainerRuntimeName[] {
    return Object.keys(this.#runtimes).filter(isContainerRuntime);
  }

  /** @throws AppError RUNTIME_UNAVAILABLE, GPU_NOT_IN_SANDBOX: a function never runs in less than it asks for */
  choose(definition: { runtime: string; untrusted: boolean }, devices: readonly string[]): ChosenRuntime {
    const { standard, untrusted } = this.#policy;
    const name = askedRuntime(definition) ?? (definition.untrusted ? untrusted : standard);
    const runtime = isContainerRuntime(name) ? this.#runtimes[name] : undefined;
    if (!isContainerRuntime(name) || !runtime) {
      throw new AppError("RUNTIME_UNAVAILABLE", `This worker cannot run containers with ${name}.`, {
        remedy: `It has ${this.names.join(", ")}. For gVisor: install runsc on the worker's machine and start the worker again.`,
      });
    }
    if (name === "runsc" && devices.length > 0) {
      throw new AppError("GPU_NOT_IN_SANDBOX", "A container in gVisor gets no GPU or other device.", {
        remedy: "Run the function with runc, or without a GPU.",
      });
    }
    return { name, runtime, takesUserNamespace: name !== "runsc" };
  }
}
