import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildProgram } from "./built-program.ts";
import { checkout } from "./checkout.ts";
import { prepareSeeds } from "./seeded-data.ts";

/** Makes what end-to-end tests begin with. What is there is not made again, and what somebody else makes is waited for. */
export async function prepareTests(): Promise<void> {
  await mkdir(join(checkout, ".cache"), { recursive: true });
  await buildProgram();
  await prepareSeeds();
}
