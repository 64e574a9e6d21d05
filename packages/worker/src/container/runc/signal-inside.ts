import { spawn } from "node:child_process";
import type { ContainerSpec } from "../container-spec.ts";
import type { ContainerSite } from "./container-site.ts";

/**
 * Has the engine send a signal to a process that the host does not see: the container's first one, or `pid` as the
 * container counts. Nothing happens when it is gone.
 */
export function signalInside(
  container: { spec: ContainerSpec; site: ContainerSite },
  name: NodeJS.Signals,
  pid?: number,
): void {
  const { spec, site } = container;
  const { program, options } = site.engine;
  const process = pid === undefined ? [] : ["--pid", String(pid)];
  const args = [
    "--root",
    site.state,
    ...options(spec),
    "kill",
    ...process,
    site.engineId,
    name.slice("SIG".length),
  ];
  spawn(program, args, { stdio: "ignore" }).once("error", () => undefined);
}
