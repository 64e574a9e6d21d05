import {
  type ContainerRuntimeName,
  containerRuntimes,
  isContainerRuntime,
} from "@dorian/protocol/convention/container-runtime";
import type { RuntimePolicy } from "@dorian/worker/container/container-runtimes";
import type { MachineSettings } from "@dorian/worker/machine/machine-share";
import type { UserNamespaceMode } from "@dorian/worker/user-namespace/open-user-namespaces";
import type { OptionDefinition } from "../command.ts";
import { type Input, UsageError } from "../input.ts";
import { parseMebibytes } from "./byte-size.ts";
import { readGrace } from "./grace.ts";

/** What a worker may use of its machine. */
export interface WorkerLimits {
  simulateGpus: number;
  machine: MachineSettings;
  userNamespaces: UserNamespaceMode;
  runtimePolicy: RuntimePolicy;
  /** Seconds that running inputs and builds have to end when it stops. */
  graceSecs: number;
}

export const limitOptions: readonly OptionDefinition[] = [
  {
    name: "simulate-gpus",
    value: "n",
    valueOptional: true,
    description: "Run functions that want a GPU without one; pretend to have n (8)",
  },
  { name: "cpus", value: "n", description: "CPU cores that containers may use together" },
  { name: "memory", value: "amount", description: "Memory that containers may use together, e.g. 16g" },
  { name: "reserve-cpu", value: "n", description: "CPU cores kept from containers (0)" },
  {
    name: "reserve-memory",
    value: "amount",
    description: "Memory kept from containers (a tenth of the machine's, at least 512m)",
  },
  {
    name: "cpu-weight",
    value: "n",
    description: "Weight of all containers beside the machine's other work, 1 to 10000 (100)",
  },
  {
    name: "container-memory",
    value: "amount",
    description: "Memory of a container or build step that names no limit (3/4 of what all may use)",
  },
  {
    name: "container-disk",
    value: "amount",
    description: "Disk that a container or build may fill outside of volumes (half of what is free)",
  },
  {
    name: "image-size",
    value: "amount",
    description: "What an image may hold that is fetched from a registry (64g)",
  },
  {
    name: "container-pids",
    value: "n",
    description: "Processes and threads of one container (512 and 256 for each core, at most 4096)",
  },
  {
    name: "runtime",
    value: "name",
    description: "What runs functions that ask for nothing else: runc, or runsc for gVisor (runc)",
  },
  {
    name: "runtime-untrusted",
    value: "name",
    description: "What runs functions that are marked as untrusted (what --runtime says)",
  },
  {
    name: "user-namespaces",
    value: "mode",
    description: "Give containers user ids of their own: on, off, or auto, where it works (auto)",
  },
];

/** What the kernel takes as a weight. */
const mostCpuWeight = 10_000;
/** The threads of the runtime that starts a container, and of Node in it, have to fit. */
const leastPids = 64;

const defaultSimulatedGpus = 8;

export function readWorkerLimits(input: Input): WorkerLimits {
  const milliCpu = (name: string) => {
    const cores = input.positiveNumber(name);
    return cores === undefined ? {} : { milliCpu: Math.round(cores * 1000) };
  };
  const memoryMb = (name: string) => {
    const amount = input.option(name);
    return amount === undefined ? {} : { memoryMb: parseMebibytes(amount, name) };
  };
  const mebibytes = (option: string) => {
    const amount = input.option(option);
    return amount === undefined ? undefined : parseMebibytes(amount, option);
  };
  const diskMb = mebibytes("container-disk");
  const imageMb = mebibytes("image-size");
  const pids = input.wholeNumber("container-pids", leastPids);
  const cpuWeight = input.wholeNumber("cpu-weight", 1);
  if (cpuWeight !== undefined && cpuWeight > mostCpuWeight)
    throw new UsageError(`--cpu-weight is at most ${mostCpuWeight}, not ${cpuWeight}.`);
  return {
    simulateGpus: input.flag("simulate-gpus")
      ? (input.wholeNumber("simulate-gpus", 1) ?? defaultSimulatedGpus)
      : 0,
    machine: {
      capacity: { ...milliCpu("cpus"), ...memoryMb("memory") },
      reserve: { ...milliCpu("reserve-cpu"), ...memoryMb("reserve-memory") },
      container: {
        ...memoryMb("container-memory"),
        ...(diskMb === undefined ? {} : { diskMb }),
        ...(pids === undefined ? {} : { pids }),
      },
      ...(imageMb === undefined ? {} : { imageMb }),
      ...(cpuWeight === undefined ? {} : { cpuWeight }),
    },
    runtimePolicy: readRuntimePolicy(input),
    graceSecs: readGrace(input).graceSecs,
    userNamespaces: readUserNamespaces(input.option("user-namespaces") ?? "auto"),
  };
}

function readRuntimePolicy(input: Input): RuntimePolicy {
  const read = (option: string): ContainerRuntimeName | undefined => {
    const name = input.option(option);
    if (name === undefined || isContainerRuntime(name)) return name;
    throw new UsageError(
      `--${option} takes ${containerRuntimes.join(" or ")}, not "${name}".`,
      "runsc is gVisor's: `apt-get install runsc`.",
    );
  };
  const standard = read("runtime") ?? "runc";
  return { standard, untrusted: read("runtime-untrusted") ?? standard };
}

function readUserNamespaces(mode: string): UserNamespaceMode {
  if (mode === "auto" || mode === "on" || mode === "off") return mode;
  throw new UsageError(
    `--user-namespaces takes auto, on or off, not "${mode}".`,
    "Leave it out for auto: on where this machine can do it.",
  );
}
