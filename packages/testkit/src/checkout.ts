import { join, resolve } from "node:path";

/** Root of this checkout. */
export const checkout = resolve(import.meta.dirname, "../../..");

/** The command line, as a user starts it. */
export const dorianCommand = [process.execPath, join(checkout, "packages/dorian/bin/dorian.js")] as const;
