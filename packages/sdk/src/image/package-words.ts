import { AppError } from "@dorian/base/app-error";
import { shellQuote } from "./dockerfile-text.ts";

/**
 * Names of packages as words of a shell's command. `remedy` says what to do with an option among them.
 *
 * @throws AppError IMAGE_STEP_INVALID
 */
export function packageWords(packages: readonly string[], remedy: (option: string) => string): string[] {
  const option = packages.find((name) => name.startsWith("-"));
  if (option === undefined) return packages.map(shellQuote);
  throw new AppError("IMAGE_STEP_INVALID", `${JSON.stringify(option)} is an option, not a package.`, {
    status: "INVALID_ARGUMENT",
    remedy: remedy(option),
  });
}
