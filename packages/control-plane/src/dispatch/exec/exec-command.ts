import { AppError } from "@dorian/base/app-error";

/** What is to be run, and how it finds itself. */
export interface ExecCommand {
  command: readonly string[];
  /** Beyond what the container has. */
  env?: Readonly<Record<string, string>>;
  workdir?: string;
}

/** As the kernel has it: of one argument or variable with the zero behind it, of all together, and of a path. */
const maxTextBytes = 128 * 1024 - 1;
const maxTogetherBytes = 2 * 1024 * 1024;
const maxPathBytes = 4096;
/** What the kernel adds to each: an address, and the zero. */
const textBytes = 9;

/** Whether the kernel could run it at all: what it cannot is not sent to a worker. @throws AppError EXEC_COMMAND_EMPTY, EXEC_COMMAND_TOO_LONG */
export function checkCommand({ command, env = {}, workdir = "" }: ExecCommand): void {
  if (command.length === 0) {
    throw new AppError("EXEC_COMMAND_EMPTY", "There is no command to run.", {
      status: "INVALID_ARGUMENT",
      remedy: "Name the program and its arguments.",
    });
  }
  let together = 0;
  const count = (bytes: number, what: string) => {
    if (bytes > maxTextBytes) throw tooLong(`${what} of ${bytes} bytes`, `${maxTextBytes}`);
    together += bytes + textBytes;
    if (together > maxTogetherBytes)
      throw tooLong("arguments and variables of more bytes together", `${maxTogetherBytes}`);
  };
  for (const argument of command) count(Buffer.byteLength(argument), "an argument");
  for (const [name, value] of Object.entries(env))
    count(Buffer.byteLength(name) + 1 + Buffer.byteLength(value), "a variable");
  const pathBytes = Buffer.byteLength(workdir);
  if (pathBytes > maxPathBytes) throw tooLong(`a directory of ${pathBytes} bytes`, `${maxPathBytes}`);
}

function tooLong(what: string, most: string): AppError {
  return new AppError(
    "EXEC_COMMAND_TOO_LONG",
    `The command has ${what} than the kernel takes, which are ${most}.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Put what is long into a file or its input.",
    },
  );
}
