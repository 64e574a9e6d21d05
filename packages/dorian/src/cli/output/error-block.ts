import { AppError } from "@dorian/base/app-error";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { UsageError } from "../input.ts";
import { Interrupted } from "../interruption.ts";
import { RemoteFailure } from "../remote-failure.ts";
import type { Colors } from "./output.ts";
import { inWords, reasonOf } from "./reason.ts";

/** A failure as three lines: what happened, why, and what to do. */
export function renderError(error: unknown, options: { colors: Colors; debug: boolean }): string {
  const { colors, debug } = options;
  const { what, why, fix } = describe(error);
  const lines = [
    `${colors.red(colors.bold("Error:"))} ${what}`,
    `  ${colors.bold("Why:")} ${why}`,
    `  ${colors.bold("Fix:")} ${fix}`,
  ];
  if (debug && error instanceof Error && error.stack) lines.push(colors.dim(stackWithCauses(error)));
  return lines.join("\n");
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Interrupted) return exitCode.interrupted;
  if (error instanceof UsageError) return exitCode.usage;
  if (error instanceof RemoteFailure) return exitCode.remote;
  return exitCode.failure;
}

function describe(error: unknown): { what: string; why: string; fix: string } {
  if (AppError.is(error)) {
    return {
      // A message may show lines of the user's source, which must keep their form.
      what: error.message.trim(),
      why: `${reasonOf(error)} (${error.code})`,
      fix:
        oneLine(error.remedy) ||
        "the message above is all that is known; `dorian doctor` checks this machine.",
    };
  }
  const cause = error instanceof Error && error.cause !== undefined ? `${inWords(error.cause)}: ` : "";
  return {
    what: inWords(error) || "Something failed without saying why.",
    why: `${cause}a failure that Dorian did not foresee (${error instanceof Error ? error.name : typeof error})`,
    fix: "run it again with DORIAN_DEBUG=1 for the stack, and report it with that.",
  };
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*[\r\n]+\s*/g, " ");
}

function stackWithCauses(error: Error, above: readonly Error[] = []): string {
  const inside = [...above, error];
  const isTold = error.cause instanceof Error && !inside.includes(error.cause);
  const cause = isTold ? `\ncaused by ${stackWithCauses(error.cause as Error, inside)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
