import type { Heredoc } from "./logical-lines.ts";

/** One instruction of a Dockerfile. Variables in it are not replaced yet: their values depend on those before it. */
export type Instruction = {
  /** Line it begins on, counted from 1. */
  line: number;
  /** As written, in one line; for logs. */
  text: string;
} & (
  | { kind: "from"; image: string; stage: string | undefined; platform: string | undefined }
  | { kind: "run"; command: StepCommand; mounts: RunMount[] }
  | CopyInstruction
  | { kind: "env"; values: [name: string, value: string][] }
  | { kind: "arg"; values: [name: string, value: string | undefined][] }
  | { kind: "workdir"; path: string }
  | { kind: "user"; user: string }
  | { kind: "shell"; shell: string[] }
  | { kind: "cmd"; command: Command }
  | { kind: "entrypoint"; command: Command }
  | { kind: "volume"; paths: string[] }
  /** `isMissed`: whoever wrote it wants something that does not happen. */
  | { kind: "ignored"; isMissed: boolean }
);

export interface CopyInstruction {
  kind: "copy";
  sources: string[];
  target: string;
  options: CopyOptions;
  /** Files that are written in the Dockerfile itself. */
  documents: Heredoc[];
}

/** What a RUN step sees besides the image's files. */
export interface RunMount {
  type: "bind" | "cache" | "tmpfs" | "secret";
  target: string | undefined;
  /** Everything that stands in the flag. */
  options: ReadonlyMap<string, string>;
}

/** A line for the shell, or a program with its arguments. */
export type Command = { kind: "shell"; script: string } | { kind: "exec"; args: string[] };

/** What a step may also be: a file that says itself what runs it. */
export type StepCommand = Command | { kind: "file"; content: string };

export interface CopyOptions {
  /** Image or stage to copy from; undefined is the build's context. */
  from?: string;
  chown?: string;
  chmod?: string;
  /** What ADD has to find at an address, as "sha256:…". */
  checksum?: string;
  /** ADD, which differs for archives and addresses. */
  add: boolean;
}
