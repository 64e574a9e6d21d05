import { keepDatabase } from "../packages/control-plane/test/past/keep.ts";

for (const file of await keepDatabase()) console.log(`wrote ${file}`);
