import { endProcess } from "../process/end-process.ts";
import { SupervisorLink } from "../process/supervisor-link.ts";
import type { AnyCommand } from "./command.ts";
import { commandIndex } from "./command-index.ts";
import { readConfig } from "./config/config.ts";
import type { CommandContext } from "./context.ts";
import { exitCode } from "./exit-code.ts";
import type { Input } from "./input.ts";
import { Interrupted, Interruption } from "./interruption.ts";
import { LocalFailure } from "../process/local-failure.ts";
import { exitCodeOf, renderError } from "./output/error-block.ts";
import { Output } from "./output/output.ts";
import { visibleJson } from "./output/visible-text.ts";
import { parseCommandLine } from "./program.ts";
import { RemoteFailure } from "./remote-failure.ts";
import { dorianVersion } from "./version.ts";

/** Runs one command line in this process and ends the process with the command's exit code. */
export async function main(argv: string[]): Promise<void> {
  const { stdout, stderr, stdin, env } = process;
  // Whoever read our output has gone (`dorian app logs x | head`): nothing is left to do.
  for (const stream of [stdout, stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => void endProcess(error.code === "EPIPE" ? 0 : 1));
  const output = new Output({ stdout, stderr, env });
  const supervisor = SupervisorLink.ofProcess(env);
  using interruption = new Interruption(supervisor ?? process, () => {
    // Leave the terminal with a cursor, whatever was going on.
    if (output.isAnimated) stderr.write("\u001B[?25h");
    if (stdin.isTTY && stdin.isRaw) stdin.setRawMode(false);
    void endProcess(exitCode.interrupted);
  });
  const code = await runCommandLine(argv, {
    env,
    makeContext: (config) => ({
      config,
      output,
      interruption,
      signal: interruption.signal,
      ...(supervisor ? { supervisor } : {}),
      stdin,
      cwd: process.cwd(),
    }),
    output,
  });
  await output[Symbol.asyncDispose]();
  await Promise.all([flushed(stdout), flushed(stderr)]);
  await endProcess(code);
}

/** What a pipe's reader has not taken yet waits in this process, and would be lost with it. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write("", () => resolve()));
}

async function runCommandLine(
  argv: string[],
  options: {
    env: Record<string, string | undefined>;
    makeContext: (config: CommandContext["config"]) => CommandContext;
    output: Output;
  },
): Promise<number> {
  const { env, makeContext, output } = options;
  try {
    const parsed = await parseCommandLine(argv, {
      index: commandIndex,
      version: dorianVersion(),
      columns: output.columns,
    });
    if (parsed.kind === "text") {
      output.print(parsed.text.trimEnd());
      return exitCode.ok;
    }
    const { command, input } = parsed;
    output.isQuiet = input.flag("quiet");
    const config = readConfig(env, {
      server: input.option("server"),
      data: input.option("data"),
      environment: input.option("environment"),
      forceBuild: input.flag("force-build"),
    });
    return await runCommand(command, input, makeContext(config));
  } catch (error) {
    await output[Symbol.asyncDispose]();
    const alreadyShown =
      error instanceof RemoteFailure || error instanceof LocalFailure || error instanceof Interrupted;
    if (!alreadyShown)
      output.note(renderError(error, { colors: output.noteColors, debug: Boolean(env.DORIAN_DEBUG) }));
    return exitCodeOf(error);
  }
}

async function runCommand(command: AnyCommand, input: Input, context: CommandContext): Promise<number> {
  const { output } = context;
  const result = await command.run(input, context);
  if (command.json && input.flag("json")) output.print(visibleJson(command.json(result)));
  else command.render(result, output, input);
  return command.exitCode?.(result) ?? exitCode.ok;
}
