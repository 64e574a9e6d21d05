import { AppError } from "@dorian/base/app-error";
import type { OptionDefinition } from "../command.ts";
import type { Input } from "../input.ts";
import { historyOptions, reserveOption } from "./disk-settings.ts";
import { graceOption } from "./grace.ts";
import { networkOptions } from "./network-settings.ts";
import { webOptions } from "./web-settings.ts";
import { limitOptions } from "./worker-limits.ts";

const processOptions: readonly OptionDefinition[] = [
  {
    name: "data",
    value: "directory",
    description: "Where state is kept (or set DORIAN_DATA; else /var/lib/dorian)",
  },
  reserveOption,
  { name: "json", description: "Log JSON lines" },
  { name: "verbose", short: "v", description: "Log more" },
];

export const readyOption: OptionDefinition = {
  name: "ready-fd",
  value: "n",
  description: "Write one JSON line to this descriptor once ready",
};

const failFastOption: OptionDefinition = {
  name: "fail-fast",
  description: "Fail calls of functions that no worker can ever run, instead of waiting for one that can",
};

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

/** Undefined where nothing was said. */
export function readStuckMs(input: Input): number | undefined {
  const seconds = input.positiveNumber(stuckOption.name);
  return seconds === undefined ? undefined : seconds * 1000;
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
