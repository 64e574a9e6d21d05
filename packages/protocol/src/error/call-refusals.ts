import { AppError } from "@dorian/base/app-error";

export function notServed(method: string): AppError {
  return new AppError("CALL_NOT_SERVED", `Dorian does not serve ${method} here.`, {
    status: "UNIMPLEMENTED",
    remedy: "docs/modal-compatibility.md lists what it serves instead.",
  });
}

export function incomplete(method: string): AppError {
  return new AppError("CALL_INCOMPLETE", `The request of ${method} ended before its message.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Send one whole message.",
  });
}

export function repeated(method: string): AppError {
  return new AppError("CALL_REPEATED", `The request of ${method} has several messages.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Make a call for each.",
  });
}

export function stalled(method: string): AppError {
  return new AppError("CALL_STALLED", `The request of ${method} stopped before it was complete.`, {
    status: "DEADLINE_EXCEEDED",
    remedy: "Send a request without long pauses.",
  });
}

/** Clients take it for a server that is away for a moment. */
export function stopping(method: string): AppError {
  return new AppError("SERVER_STOPPING", `The server stops and does not wait for ${method} any more.`, {
    status: "UNAVAILABLE",
    remedy: "Call again once the server is back.",
  });
}
