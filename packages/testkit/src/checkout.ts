import { join, resolve } from "node:path";

/** Root of this checkout. */
export const checkout = resolve(import.meta.dirname, "../../..");

/**
 * The command line, as a user starts it: in end-to-end tests as it is built for the package (`built-program.ts`), elsewhere from its
 * sources.
 */
export const dorianCommand = [
  process.execPath,
  process.env["DORIAN_TESTED_PROGRAM"] ?? join(checkout, "packages/dorian/bin/dorian.js"),
] as const;
