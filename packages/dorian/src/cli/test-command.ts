import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../bin/dorian.js", import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  input?: string | Buffer;
  cwd?: string;
  node?: string;
  /** Called with everything written so far, each time something is. */
  onOutput?: (text: string, child: ChildProcess) => void;
}

/** Runs `dorian …` as a process of its own, without a terminal, and waits for its end. */
export async function dorian(args: string[], options: RunOptions = {}): Promise<Ended> {
  const {
    MODAL_SERVER_URL: _url,
    MODAL_TOKEN_ID: _id,
    MODAL_TOKEN_SECRET: _secret,
    ...inherited
  } = process.env;
  const child = spawn(options.node ?? process.execPath, [bin, ...args], {
    env: { ...inherited, DORIAN_DATA: "/nonexistent/dorian", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      output[name].push(chunk);
      options.onOutput?.(Buffer.concat([...output.stdout, ...output.stderr]).toString(), child);
    });
  }
  child.stdin.end(options.input ?? "");
  const [code] = (await once(child, "close")) as [number | null];
  return {
    code,
    stdout: Buffer.concat(output.stdout).toString(),
    stderr: Buffer.concat(output.stderr).toString(),
  };
}
