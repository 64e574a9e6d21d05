import { AppError } from "@dorian/base/app-error";

/** @throws AppError OPTION_INVALID */
export function checkRange(
  owner: string,
  name: string,
  value: unknown,
  { low, high, whole }: { low: number; high: number; whole: boolean },
): void {
  // Plain JavaScript may pass anything.
  const isNumber = typeof value === "number" && (!whole || Number.isInteger(value));
  if (value === undefined || (isNumber && value >= low && value <= high)) return;
  const shown =
    typeof value === "number" || typeof value === "bigint" ? String(value) : JSON.stringify(value);
  throw new AppError("OPTION_INVALID", `${owner} has ${name}: ${shown}.`, {
    status: "INVALID_ARGUMENT",
    remedy: `It must be ${whole ? "a whole number" : "a number"} from ${low} to ${high}.`,
  });
}
