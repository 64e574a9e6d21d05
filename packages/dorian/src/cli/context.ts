import type { Config } from "./config/config.ts";
import type { Interruption } from "./interruption.ts";
import type { SupervisorLink } from "../process/supervisor-link.ts";
import type { Output } from "./output/output.ts";

/** What every command handler is given. */
export interface CommandContext {
  config: Config;
  output: Output;
  interruption: Interruption;
  /** Aborts at the first Ctrl-C. */
  signal: AbortSignal;
  /** Whoever started this process as one of several; absent for what a person starts. */
  supervisor?: SupervisorLink;
  stdin: NodeJS.ReadStream;
  cwd: string;
}
