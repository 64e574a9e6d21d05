import { spawn } from "node:child_process";
import type { ContainerSpec } from "../container-spec.ts";
import type { Placement } from "./placement.ts";

/**
 * Has the engine send a signal to a process that the host does not see: the container's first one, or `pid` as the
 * container counts. Nothing happens when it is gone.
 */
export function signalInside(
  container: { spec: ContainerSpec; placement: Placement },
  name: NodeJS.Signals,
  pid?: number,
): void {
  const { spec, placement } = container;
  const { program, options } = placement.engine;
  const process = pid === undefined ? [] : ["--pid", String(pid)];
  const args = [
    "--root",
    placement.state,
    ...options(spec),
    "kill",
    ...process,
    placement.engineId,
    name.slice("SIG".length),
  ];
  spawn(program, args, { stdio: "ignore" }).once("error", () => undefined);
}
