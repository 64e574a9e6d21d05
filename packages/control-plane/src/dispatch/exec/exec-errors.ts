import { AppError } from "@dorian/base/app-error";

export function containerFull(taskId: string, running: number): AppError {
  return tooMany(`${running} commands run in container ${taskId} already.`);
}

export function tooManyKept(count: number): AppError {
  return tooMany(`The server has ${count} commands to keep in mind already.`);
}

function tooMany(message: string): AppError {
  return new AppError("EXECS_TOO_MANY", message, {
    status: "RESOURCE_EXHAUSTED",
    remedy: "Wait until some have ended, or let one command do the work of many.",
  });
}

export function idTaken(execId: string): AppError {
  return new AppError("EXEC_ID_TAKEN", `There is another command ${execId}.`, {
    status: "ALREADY_EXISTS",
    remedy: "Choose an id of your own for each command.",
  });
}

export function outputUnread(bytes: number): AppError {
  return new AppError("EXEC_OUTPUT_UNREAD", `The command wrote ${bytes >> 20} MiB that nobody read.`, {
    status: "RESOURCE_EXHAUSTED",
    remedy: "Let it write to a file or a volume, and fetch that.",
  });
}

export function execNotFound(execId: string): AppError {
  return new AppError("EXEC_NOT_FOUND", `There is no command ${execId}.`, {
    status: "NOT_FOUND",
    remedy: "It ended some time ago, or the server has restarted since.",
  });
}

export function outputLost(): AppError {
  return new AppError("EXEC_OUTPUT_LOST", "Part of what the command wrote was lost with a connection.", {
    status: "DATA_LOSS",
    remedy: "Run it again, or let it write to a file or a volume, and fetch that.",
  });
}
