import { AppError } from "@dorian/base/app-error";

/** What a container says to its caller is numbered: that one was lost is seen, and told, before another takes its place. */
export function valuesMissing({ expected, came }: { expected: number; came: number }): AppError {
  return new AppError(
    "VALUES_MISSING",
    `Value ${came} of a call came where value ${expected} was to come: what lies between was lost on its way.`,
    { status: "DATA_LOSS", remedy: "Call the function again; look in the log of its container for why." },
  );
}
