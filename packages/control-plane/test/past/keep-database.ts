import { keepDatabase } from "./keep.ts";

for (const file of await keepDatabase()) console.log(`wrote ${file}`);
