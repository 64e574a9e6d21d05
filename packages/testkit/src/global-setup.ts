import { prepareSeeds } from "./seeded-data.ts";

/**
 * Runs once before the tests, and makes what end-to-end tests begin with while the unit tests run: `await-seeds` waits for it
 * where it is needed.
 */
export default function setup(): () => Promise<void> {
  // Whoever needs what could not be made tries again, and tells why.
  const ended = prepareSeeds().catch(() => undefined);
  return () => ended;
}
