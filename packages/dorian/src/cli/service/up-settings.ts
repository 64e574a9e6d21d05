import type { Input } from "../input.ts";
import { readDiskSettings, readHistorySettings } from "./disk-settings.ts";
import { readGrace } from "./grace.ts";
import { readNetworkSettings } from "./network-settings.ts";
import { readStuckMs } from "./service-options.ts";
import { readWebSettings } from "./web-settings.ts";
import { readWorkerLimits } from "./worker-limits.ts";

/** Reads all that `dorian up` and its processes take, so that a mistake is told before anything starts. @throws UsageError */
export function readUpSettings(input: Input): {
  listen: string;
  graceSecs: number;
  serverStuckMs: number | undefined;
} {
  const { listen } = readNetworkSettings(input);
  readWebSettings(input);
  readHistorySettings(input);
  readDiskSettings(input);
  readWorkerLimits(input);
  return { listen, graceSecs: readGrace(input).graceSecs, serverStuckMs: readStuckMs(input) };
}
