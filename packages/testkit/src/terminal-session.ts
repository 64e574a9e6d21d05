import { spawn } from "node:child_process";
import { once } from "node:events";
import { Notifier } from "@dorian/base/notifier";
import { PseudoTerminal, type TerminalSize } from "@dorian/linux/pseudo-terminal";
import { dorianCommand } from "./checkout.ts";

/** A program that runs at a terminal of its own. */
export interface TerminalSession {
  /** All that was on screen so far, control codes included. */
  readonly screen: string;
  type(text: string): void;
  resize(size: TerminalSize): void;
  /** Waits until `text` has been on screen after what an earlier call waited for. */
  see(text: string): Promise<void>;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

const patienceMs = 60_000;

export interface TerminalOptions {
  cwd?: string;
  size?: TerminalSize;
}

/** A `dorian …`. */
export async function withTerminal<T>(
  dataDirectory: string,
  args: string[],
  work: (session: TerminalSession) => Promise<T>,
  options: TerminalOptions = {},
): Promise<T> {
  const [node, bin] = dorianCommand;
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...env } = process.env;
  return await atTerminal([node, bin, ...args], work, {
    ...options,
    env: { ...env, DORIAN_DATA: dataDirectory },
  });
}

/** Any program. */
export async function atTerminal<T>(
  command: [string, ...string[]],
  work: (session: TerminalSession) => Promise<T>,
  options: TerminalOptions & { env: NodeJS.ProcessEnv },
): Promise<T> {
  using terminal = PseudoTerminal.open(options.size ?? { rows: 24, columns: 100 });
  const { device, stream } = terminal;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...options.env, TERM: "xterm-256color" },
    stdio: [device, device, device],
  });
  terminal.closeDevice();
  let screen = "";
  let seen = 0;
  const changed = new Notifier();
  stream.on("data", (chunk: Buffer) => {
    screen += chunk.toString();
    changed.notify();
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  try {
    return await work({
      get screen() {
        return screen;
      },
      type: (text) => void stream.write(text),
      resize(size) {
        terminal.resize(size);
        // Nobody's controlling terminal: the kernel does not tell the program.
        child.kill("SIGWINCH");
      },
      async see(text) {
        const signal = AbortSignal.timeout(patienceMs);
        while (!screen.includes(text, seen)) {
          await changed.wait({ signal }).catch(() => {
            throw new Error(`"${text}" is not on screen after ${patienceMs} ms:\n${screen}`);
          });
        }
        seen = screen.indexOf(text, seen) + text.length;
      },
      ended,
    });
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
  }
}
