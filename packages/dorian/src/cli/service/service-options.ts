import type { WebSettings } from "@dorian/control-plane/web/web-front";
import type { UserNamespaceMode } from "@dorian/worker/user-namespace/open-user-namespaces";
import {
  type ContainerRuntimeName,
  containerRuntimes,
  isContainerRuntime,
} from "@dorian/protocol/convention/container-runtime";
import type { RuntimePolicy } from "@dorian/worker/container/container-runtimes";
import { AppError } from "@dorian/base/app-error";
import type { MachineSettings } from "@dorian/worker/machine/machine-share";
import type { OptionDefinition } from "../command.ts";
import { type Input, UsageError } from "../input.ts";
import { networkOptions } from "./network-settings.ts";
import { parseMebibytes } from "./byte-size.ts";

/** What a worker may use of its machine. */
export interface WorkerLimits {
  simulateGpus: number;
  machine: MachineSettings;
  userNamespaces: UserNamespaceMode;
  runtimePolicy: RuntimePolicy;
  /** Seconds that running inputs and builds have to end when it stops. */
  graceSecs: number;
}

const processOptions: readonly OptionDefinition[] = [
  {
    name: "data",
    value: "directory",
    description: "Where state is kept (or set DORIAN_DATA; else /var/lib/dorian)",
  },
  {
    name: "reserve-disk",
    value: "amount",
    description: "Disk kept for work that was accepted; nothing new is taken below (1/40, 32m to 2g)",
  },
  { name: "json", description: "Log JSON lines" },
  { name: "verbose", short: "v", description: "Log more" },
];

export const readyOption: OptionDefinition = {
  name: "ready-fd",
  value: "n",
  description: "Write one JSON line to this descriptor once ready",
};

const webOptions: readonly OptionDefinition[] = [
  {
    name: "web-ports",
    value: "range",
    description: "Ports for web functions, one each; 0 for any (7100-7999)",
  },
  {
    name: "web-domain",
    value: "domain",
    description: "Host names under this domain for web functions, all on the first port",
  },
  {
    name: "web-scheme",
    value: "scheme",
    description: "https when a proxy in front of the domain speaks TLS (http)",
  },
];

const historyOptions: readonly OptionDefinition[] = [
  {
    name: "call-history",
    value: "amount",
    description: "Disk for arguments and results of calls; beyond it the oldest go before their 7 days (8g)",
  },
];

const failFastOption: OptionDefinition = {
  name: "fail-fast",
  description: "Fail calls of functions that no worker can ever run, instead of waiting for one that can",
};

const graceOption: OptionDefinition = {
  name: "grace",
  value: "seconds",
  description: "Time for running inputs and builds to end when the worker stops (30)",
};

const limitOptions: readonly OptionDefinition[] = [
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

/** What a server's process is told. `dorian up` takes it too, and passes it on. */
export const serverOptions: readonly OptionDefinition[] = [
  ...networkOptions,
  ...webOptions,
  ...historyOptions,
  failFastOption,
  ...processOptions,
];

/** What a worker's process is told, in the same way. */
export const workerOptions: readonly OptionDefinition[] = [...limitOptions, graceOption, ...processOptions];

const stuckOption: OptionDefinition = {
  name: "stuck-after",
  value: "seconds",
  description: "How long the server may not answer before it is killed and started again (60)",
};

/** What `dorian up` takes. */
export const upOptions: readonly OptionDefinition[] = [
  ...serverOptions.filter((option) => !workerOptions.includes(option)),
  ...workerOptions,
  stuckOption,
];

/** What the kernel takes as a weight. */
const mostCpuWeight = 10_000;
/** The threads of the runtime that starts a container, and of Node in it, have to fit. */
const leastPids = 64;

const defaultSimulatedGpus = 8;

/** @throws UsageError when ports, domain and scheme do not make sense, alone or together. */
export function readWebSettings(input: Input): WebSettings {
  const ports = readPortRange(input.option("web-ports"));
  const domain = input.option("web-domain");
  const scheme = input.option("web-scheme");
  if (domain !== undefined && !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(domain)) {
    throw new UsageError(
      `--web-domain takes a domain, not "${domain}".`,
      "e.g. --web-domain apps.example.com.",
    );
  }
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    throw new UsageError(`--web-scheme takes http or https, not "${scheme}".`, "Leave it out for http.");
  }
  if (scheme !== undefined && domain === undefined) {
    throw new UsageError(
      "--web-scheme goes with --web-domain.",
      "TLS comes from a proxy in front, which tells web functions apart by their host names.",
    );
  }
  return {
    ...(ports === undefined ? {} : { ports }),
    ...(domain === undefined ? {} : { domain }),
    ...(scheme === undefined ? {} : { scheme }),
  };
}

function readPortRange(text: string | undefined): WebSettings["ports"] {
  if (text === undefined) return undefined;
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const first = Number(from);
  const last = to === undefined ? first : Number(to);
  if (from === undefined || last > 65_535 || last < first || (first === 0 && last !== 0)) {
    throw new UsageError(`--web-ports takes a range of ports, not "${text}".`, "e.g. --web-ports 7100-7999.");
  }
  return { first, last };
}

/** What a server keeps of the past. */
export interface HistorySettings {
  callBytes?: number;
}

/** What server and worker keep of the disk. */
export interface DiskSettings {
  reserveDiskBytes?: number;
}

export function readDiskSettings(input: Input): DiskSettings {
  const amount = input.option("reserve-disk");
  return amount === undefined ? {} : { reserveDiskBytes: parseMebibytes(amount, "reserve-disk") * 2 ** 20 };
}

export function readHistorySettings(input: Input): HistorySettings {
  const amount = input.option("call-history");
  return amount === undefined ? {} : { callBytes: parseMebibytes(amount, "call-history") * 2 ** 20 };
}

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

const defaultGraceSecs = 30;
/** A day: what takes longer is not waited for, but drained beforehand. */
const mostGraceSecs = 86_400;

/** How a worker ends, and the words for it. */
export function readGrace(input: Pick<Input, "wholeNumber">): {
  graceSecs: number;
  stopping: { words: string; workMs: number };
} {
  const graceSecs = input.wholeNumber("grace", 0) ?? defaultGraceSecs;
  if (graceSecs > mostGraceSecs) {
    throw new UsageError(
      `--grace is at most ${mostGraceSecs}, not ${graceSecs}.`,
      "`dorian worker drain` empties a worker before it is stopped.",
    );
  }
  const words = `running inputs have ${graceSecs} s to end, then containers 30 s for their exit hooks; a second Ctrl-C kills them`;
  return { graceSecs, stopping: { words, workMs: graceSecs * 1000 } };
}

/** Undefined where nothing was said. */
export function readStuckMs(input: Input): number | undefined {
  const seconds = input.positiveNumber(stuckOption.name);
  return seconds === undefined ? undefined : seconds * 1000;
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

/** @throws AppError ROOT_NEEDED */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new AppError("ROOT_NEEDED", "A worker makes containers, which only root may do.", {
    status: "PERMISSION_DENIED",
    remedy: "Run the same command with sudo; `dorian doctor` says what else is needed.",
  });
}

/** Those of `options` that were given, as a command line. */
export function commandLineOf(options: readonly OptionDefinition[], input: Input): string[] {
  return options.flatMap(({ name }) => {
    const value = input.option(name);
    if (value !== undefined) return [`--${name}=${value}`];
    return input.flag(name) ? [`--${name}`] : [];
  });
}
