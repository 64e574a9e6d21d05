import { openFilesLimit } from "@dorian/base/open-files";
import { setOomScore } from "@dorian/linux/oom-score";
import type { CommandContext } from "../context.ts";
import type { Input } from "../input.ts";
import { dorianVersion } from "../version.ts";
import type { ServiceSettings } from "../../process/running-service.ts";
import { requireOpenFiles } from "./open-files.ts";
import { createServiceLogger } from "./service-logger.ts";

/** When the machine runs out of memory, server and worker end after everything else: they hold everybody's work. */
const oomScore = -900;

/** What containers see of the files that are made for them is not the operator's choice for their own. */
const umask = 0o022;

/** Makes this process one that runs for long, whatever shell it was started from. */
export function setUpProcess(): void {
  requireOpenFiles(openFilesLimit());
  setOomScore(oomScore);
  process.umask(umask);
}

/** Data directory, version and log of a long-running process, as its options say. */
export function serviceSettings(
  input: Input,
  { config, output, supervisor }: CommandContext,
  source?: "server" | "worker",
): ServiceSettings {
  return {
    dataDirectory: config.dataDirectory,
    version: dorianVersion(),
    logger: createServiceLogger({
      json: input.flag("json"),
      stream: process.stderr,
      colors: output.noteColors,
      level: input.flag("verbose") ? "debug" : "info",
      ...(supervisor && source ? { source } : {}),
    }),
  };
}
