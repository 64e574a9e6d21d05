import { buildProgram } from "./built-program.ts";
import { prepareSeeds } from "./seeded-data.ts";

/**
 * Runs once before the tests: builds the program that they start, in seconds, and makes what they begin with while the unit tests
 * run: `await-seeds` waits for it where it is needed.
 */
export default async function setup(): Promise<() => Promise<void>> {
  await buildProgram();
  // Whoever needs what could not be made tries again, and tells why.
  const ended = prepareSeeds().catch(() => undefined);
  return () => ended;
}
