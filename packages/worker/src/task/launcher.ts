import type { StartTask } from "@dorian/protocol/worker";

/** How a container of one kind is started on its image. */
export interface Launch {
  /** Directories laid over the image and the code, lowest first. */
  layers: string[];
  args: string[];
  /** Whether its standard input stays open, as that of a command that somebody may wait for. */
  stdinOpen: boolean;
  /** Beyond what every container has. */
  env: Record<string, string>;
  /** Whether its guest tells the gateway when the phases of its start are over. */
  tellsPhases: boolean;
  /** When SIGINT makes it end in its own way; a first process ignores signals that it does not expect. */
  endsBySignal: "always" | "once ready" | "never";
  /** Whether its volumes are where the official clients expect them, and behave so. */
  officialVolumes: boolean;
}

export interface LaunchDirectories {
  /** Holds the guest of TypeScript functions, and what Python functions begin with. */
  guestLayer: string;
  /** Holds the directory of the user's sources. */
  homeLayer: string;
}

export type Launcher = (request: StartTask, directories: LaunchDirectories) => Launch;
