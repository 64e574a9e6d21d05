import type { OptionDefinition } from "../command.ts";
import type { Input } from "../input.ts";
import { parseMebibytes } from "./byte-size.ts";

export const historyOptions: readonly OptionDefinition[] = [
  {
    name: "call-history",
    value: "amount",
    description: "Disk for arguments and results of calls; beyond it the oldest go before their 7 days (8g)",
  },
];

export const reserveOption: OptionDefinition = {
  name: "reserve-disk",
  value: "amount",
  description: "Disk kept for work that was accepted; nothing new is taken below (1/40, 32m to 2g)",
};

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
