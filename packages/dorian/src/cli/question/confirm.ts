import { ask } from "./ask.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../input.ts";

/**
 * Asks a yes-or-no question on the terminal; anything but "y" or "yes" means no.
 *
 * @throws UsageError when there is no terminal to ask on.
 */
export async function confirm(
  question: string,
  context: Pick<CommandContext, "stdin" | "output" | "signal">,
): Promise<boolean> {
  if (!context.stdin.isTTY) {
    throw new UsageError(
      `This needs a confirmation, and there is no terminal to ask on. (${question})`,
      "add --yes to go ahead without being asked.",
    );
  }
  return /^y(es)?$/i.test((await ask(`${question} [y/N]`, context)).trim());
}
