import { join } from "node:path";
import { defaultBorder } from "@dorian/operator/network-border";
import type { Interpreter } from "@dorian/python/interpreters";
import { WheelIndex, type WheelIndexOptions } from "@dorian/python/wheel-index";
import { PlatformMounts, type PlatformMountsOptions } from "./platform-mounts.ts";

/** Where what Python apps need is got from. */
export interface PythonSupplies {
  settings: WheelIndexOptions["settings"];
  findInterpreters: () => Promise<Interpreter[]>;
}

const nothing: PythonSupplies = {
  settings: {
    pip: { options: new Map([["no-index", "true"]]) },
    proxyEnv: {},
    certificates: undefined,
    networkBorder: defaultBorder,
  },
  findInterpreters: async () => [],
};

/** The platform's mounts with a package index of their own, which goes with them. */
export async function openPlatformMounts(
  options: Omit<PlatformMountsOptions, "index" | "interpreters"> &
    Partial<PythonSupplies> & { dataDirectory: string },
): Promise<PlatformMounts> {
  const { settings, findInterpreters } = { ...nothing, ...options };
  const index = await WheelIndex.open({
    settings,
    cacheDirectory: join(options.dataDirectory, "wheels"),
  });
  return new PlatformMounts({ ...options, index, interpreters: findInterpreters });
}
