import { keepDatabase } from "./keep.ts";

for (const file of await keepDatabase()) process.stdout.write(`wrote ${file}\n`);
