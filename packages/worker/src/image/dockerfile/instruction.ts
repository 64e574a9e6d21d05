/** One instruction of a Dockerfile. Variables in it are not replaced yet: their values depend on those before it. */
export type Instruction = {
  /** Line it begins on, counted from 1. */
  line: number;
  /** As written, in one line; for logs. */
  text: string;
} & (
  | { kind: "from"; image: string; stage: string | undefined }
  | { kind: "run"; command: Command }
  | { kind: "copy"; sources: string[]; target: string; options: CopyOptions }
  | { kind: "env"; values: [name: string, value: string][] }
  | { kind: "arg"; name: string; value: string | undefined }
  | { kind: "workdir"; path: string }
  | { kind: "user"; user: string }
  | { kind: "shell"; shell: string[] }
  | { kind: "cmd"; command: Command }
  | { kind: "entrypoint"; command: Command }
  | { kind: "ignored" }
);

/** A line for the shell, or a program with its arguments. */
export type Command = { kind: "shell"; script: string } | { kind: "exec"; args: string[] };

export interface CopyOptions {
  /** Image or stage to copy from; undefined is the build's context. */
  from?: string;
  chown?: string;
  chmod?: string;
  /** ADD, which differs for archives and addresses. */
  add: boolean;
}
