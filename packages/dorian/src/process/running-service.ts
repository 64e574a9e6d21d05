import type { Logger } from "pino";

/** A part of a process that serves until it is stopped. */
export interface RunningService extends AsyncDisposable {
  /** Takes no more work and ends what runs; drops it when `signal` aborts. */
  drain(options: { signal: AbortSignal }): Promise<void>;
}

/** What every part of a process is given. */
export interface ServiceSettings {
  dataDirectory: string;
  version: string;
  logger: Logger;
}
