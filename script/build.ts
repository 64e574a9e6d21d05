// Builds what of the package `dorian` runs, for the end-to-end tests: `node script/build.ts DIRECTORY`.
import { resolve } from "node:path";
import { buildProgram } from "./packing/build-program.ts";

await buildProgram(resolve(process.argv[2] ?? "dist/program"));
