import { fileURLToPath } from "node:url";
import { isGathering } from "../evidence/evidence.ts";

const stand = fileURLToPath(new URL("./command.py", import.meta.url));

/** Read while the client, its libraries and Python itself are imported: a command with one of its own is started from nothing. */
const readAtImport = /^(MODAL_|PYTHON|SYNCHRONICITY_|AIOHTTP_|TYPER_|_TYPER_|TERMINAL_|LC_|LANG)/;

export interface ClientCommand {
  /** Its Python. */
  python: string;
  version: string;
  /** A script and its arguments, or `-c` and a program. */
  args: readonly string[];
  /** What the command has in its environment that others have not. */
  env: Readonly<Record<string, string>>;
  isUnbuffered: boolean;
  /** Process of the test run, which the parent ends with; none outside of one. */
  run?: string | undefined;
}

/**
 * The command as one that is forked off a process that has imported the client, which `parent.py` is: a tenth of the work of a start.
 * Undefined where it has to start from nothing, as it does outside a test run.
 */
export function forkedCommand({
  python,
  version,
  args,
  env,
  isUnbuffered,
  run = process.env["DORIAN_TEST_RUN"],
}: ClientCommand): string[] | undefined {
  const [first = "-"] = args;
  if (run === undefined || isGathering()) return undefined;
  if (first.startsWith("-") && first !== "-c") return undefined;
  if (Object.keys(env).some((name) => readAtImport.test(name))) return undefined;
  const parent = isUnbuffered ? `${version} unbuffered` : version;
  return [python, "-I", "-S", stand, parent, run, "modal.__main__", ...args];
}
