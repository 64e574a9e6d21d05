import { dorian, type CommandOptions, type CommandResult } from "./run-command.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** How a command that publishes an app went. */
export interface AppRun extends CommandResult {
  /** Values that the app wrote by the function `print` of {@link printing}. */
  printed: unknown[];
  /** Image steps that were built, in the order in which their builds began. */
  built: { step: string; reason: string }[];
}

export interface AppRunOptions extends CommandOptions {
  /** `run` unless said otherwise. */
  command?: "run" | "deploy";
  /** Behind the file, e.g. a function's arguments. */
  args?: string[];
  /** Beside app.ts: relative path to content. */
  files?: Record<string, string | Uint8Array>;
}

/** Source of a function that an app calls to tell its test a value. */
export const printing = `const print = (value: unknown) => console.log("> " + JSON.stringify(value));`;

/** Publishes an app from its source with the command line, as a user does, and reads what was said. */
export async function runApp(
  dataDirectory: string,
  source: string,
  options: AppRunOptions = {},
): Promise<AppRun> {
  const { command = "run", args = [], files = {}, ...rest } = options;
  await using project = await temporaryDirectory({ "app.ts": source, ...files });
  const result = await dorian(dataDirectory, [command, "app.ts", ...args], { cwd: project.path, ...rest });
  return { ...result, printed: printedIn(result.stdout), built: builtIn(result.stderr) };
}

/** Values that the local entrypoint of an app printed, which has to succeed. */
export async function printedBy(
  dataDirectory: string,
  source: string,
  options: AppRunOptions = {},
): Promise<unknown[]> {
  const { code, stdout, stderr, printed } = await runApp(dataDirectory, source, options);
  if (code !== 0) throw new Error(`dorian run failed (${code}):\n${stdout}\n${stderr}`);
  return printed;
}

function printedIn(stdout: string): unknown[] {
  const lines = stdout.split("\n").filter((line) => line.startsWith("> "));
  return lines.map((line) => JSON.parse(line.slice(2)) as unknown);
}

function builtIn(stderr: string): AppRun["built"] {
  const headers = stderr.matchAll(/^Building image im-\w+: (.*) \(([^()]*)\)$/gm);
  return [...headers].map(([, step = "", reason = ""]) => ({ step, reason }));
}
