import { prepareSeeds } from "./seeded-data.ts";

// Before a file of end-to-end tests, and not in a hook of it: a fresh checkout takes longer than a hook may.
await prepareSeeds();
