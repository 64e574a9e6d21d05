import type { WebSettings } from "@dorian/control-plane/web/web-front";
import { AppError } from "@dorian/base/app-error";
import type { OptionDefinition } from "../cli/command.ts";
import { type Input, UsageError } from "../cli/input.ts";
import { parseMebibytes } from "./byte-size.ts";

/** What a worker may use of its machine; absent parts are found out from the machine. */
export interface WorkerLimits {
  simulateGpus: number;
  capacity: { milliCpu?: number; memoryMb?: number };
}

const processOptions: readonly OptionDefinition[] = [
  {
    name: "data",
    value: "directory",
    description: "Where state is kept (or set DORIAN_DATA; else /var/lib/dorian)",
  },
  { name: "json", description: "Log JSON lines" },
  { name: "verbose", short: "v", description: "Log more" },
];

export const readyOption: OptionDefinition = {
  name: "ready-fd",
  value: "n",
  description: "Write one JSON line to this descriptor once ready",
};

const listenOption: OptionDefinition = {
  name: "listen",
  value: "address",
  description: "Address to listen on (127.0.0.1:7070)",
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

const limitOptions: readonly OptionDefinition[] = [
  {
    name: "simulate-gpus",
    value: "n",
    valueOptional: true,
    description: "Run functions that want a GPU without one; pretend to have n (8)",
  },
  { name: "cpus", value: "n", description: "CPU cores that containers may use together" },
  { name: "memory", value: "amount", description: "Memory that containers may use together, e.g. 16g" },
];

/** What a server's process is told. `dorian up` takes it too, and passes it on. */
export const serverOptions: readonly OptionDefinition[] = [listenOption, ...webOptions, ...processOptions];

/** What a worker's process is told, in the same way. */
export const workerOptions: readonly OptionDefinition[] = [...limitOptions, ...processOptions];

/** What `dorian up` takes. */
export const upOptions: readonly OptionDefinition[] = [
  ...serverOptions.filter((option) => !workerOptions.includes(option)),
  ...workerOptions,
];

const defaultListen = "127.0.0.1:7070";
const defaultSimulatedGpus = 8;

/** @throws UsageError when the address is not host:port. */
export function readListen(input: Input): string {
  const listen = input.option("listen") ?? defaultListen;
  const port = /^(?:[^:\s]+|\[[0-9a-f:]+\]):(\d{1,5})$/i.exec(listen)?.[1];
  if (port === undefined || Number(port) > 65_535) {
    throw new UsageError(`--listen takes host:port, not "${listen}".`, `e.g. --listen ${defaultListen}.`);
  }
  return listen;
}

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

export function readWorkerLimits(input: Input): WorkerLimits {
  const cpus = input.positiveNumber("cpus");
  const memory = input.option("memory");
  return {
    simulateGpus: input.flag("simulate-gpus")
      ? (input.wholeNumber("simulate-gpus", 1) ?? defaultSimulatedGpus)
      : 0,
    capacity: {
      ...(cpus === undefined ? {} : { milliCpu: Math.round(cpus * 1000) }),
      ...(memory === undefined ? {} : { memoryMb: parseMebibytes(memory, "memory") }),
    },
  };
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
