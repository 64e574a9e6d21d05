import { prepareTests } from "./prepare-tests.ts";

/**
 * Runs once before the tests, and makes what end-to-end tests begin with while the unit tests run: `await-prepared` waits for it
 * where it is needed.
 */
export default function setup(): () => Promise<void> {
  // Whoever needs what could not be made tries again, and tells why.
  const ended = prepareTests().catch(() => undefined);
  return () => ended;
}
