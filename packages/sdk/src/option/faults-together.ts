import { AppError } from "@dorian/base/app-error";

/**
 * Runs every check and throws what they found: one fault as it is, several as one error that tells all of them, so that nobody
 * corrects one only to be told the next. `owner` names what was checked.
 *
 * @throws AppError of the only fault, or OPTIONS_INVALID
 */
export function throwFaultsTogether(owner: string, checks: Iterable<() => void>): void {
  const faults: AppError[] = [];
  for (const check of checks) {
    try {
      check();
    } catch (error) {
      if (!AppError.is(error)) throw error;
      faults.push(error);
    }
  }
  const [first, second] = faults;
  if (first && !second) throw first;
  if (!first) return;
  const lines = faults.map(({ message, remedy }) => `\n  ${message} ${remedy}`.trimEnd());
  throw new AppError(
    "OPTIONS_INVALID",
    `${owner} has ${faults.length} faults in its options:${lines.join("")}`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Correct each of them.",
    },
  );
}
