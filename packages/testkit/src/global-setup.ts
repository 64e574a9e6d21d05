import { prepareSeeds } from "./seeded-data.ts";

/** Runs once before the end-to-end tests. */
export default async function setup(): Promise<void> {
  await prepareSeeds();
}
