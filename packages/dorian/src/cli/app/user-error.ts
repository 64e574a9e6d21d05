import { AppError } from "@dorian/base/app-error";
import { FunctionTimeoutError, RemoteError } from "@dorian/sdk";
import { LocalFailure } from "../../process/local-failure.ts";
import type { Output } from "../output/output.ts";
import { RemoteFailure } from "../remote-failure.ts";
import { Interrupted } from "../interruption.ts";
import { FilesChanged } from "./files-changed.ts";

/**
 * Shows an error that came out of user code with its stack, and returns what the command ends with instead. Dorian's own
 * errors and interruptions come back as they are.
 */
export function showUserError(error: unknown, output: Output): unknown {
  const { red, bold } = output.noteColors;
  const show = (where: string, text: string) => output.note(`${red(bold(`Error ${where}:`))} ${text}`);
  if (error instanceof RemoteError) {
    show("in the container", remoteText(error));
    return new RemoteFailure("User code failed in a container.", { cause: error });
  }
  if (error instanceof FunctionTimeoutError || (AppError.is(error) && error.code === "CALL_FAILED")) {
    show(
      "in the container",
      `${error.message} ${AppError.is(error) ? error.remedy : "Raise the function's timeout."}`.trim(),
    );
    return new RemoteFailure("User code failed in a container.", { cause: error });
  }
  if (AppError.is(error) || error instanceof Interrupted || error instanceof FilesChanged) return error;
  show("in your code", error instanceof Error ? stackText(error) : String(error));
  return new LocalFailure("User code failed.", { cause: error });
}

function remoteText(error: RemoteError): string {
  const head = `${error.name}: ${error.message}`;
  const stack = error.remoteStack.trim();
  const text = stack === "" ? head : stack.startsWith(error.name) ? stack : `${head}\n${stack}`;
  return error.cause instanceof RemoteError ? `${text}\ncaused by ${remoteText(error.cause)}` : text;
}

// What lies below the user's own frames is this command line, which tells them nothing.
function stackText(error: Error, above: readonly Error[] = []): string {
  const lines = (error.stack ?? `${error.name}: ${error.message}`).split("\n");
  const own = lines.findIndex(
    (line) => /packages\/dorian\/src\/|node:internal\/|\(place:/.test(line) && line.startsWith("    at "),
  );
  const text = (own < 0 ? lines : lines.slice(0, own)).join("\n");
  const inside = [...above, error];
  const told = (inner: unknown): inner is Error => inner instanceof Error && !inside.includes(inner);
  const errors = error instanceof AggregateError ? error.errors.filter(told) : [];
  const parts = errors.map(
    (each, index) => `error ${index + 1} of ${errors.length}: ${stackText(each, inside)}`,
  );
  if (told(error.cause)) parts.push(`caused by ${stackText(error.cause, inside)}`);
  return [text, ...parts].join("\n");
}
