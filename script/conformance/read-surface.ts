// Prints the public names of the installed JavaScript client as JSON: the methods of its classes.
import * as modal from "modal";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const manifest = new URL("../package.json", import.meta.resolve("modal"));
const { version } = JSON.parse(readFileSync(fileURLToPath(manifest), "utf8")) as { version: string };
const methods = Object.entries(modal).flatMap(([className, value]) => {
  if (typeof value !== "function" || value.prototype === undefined || value.prototype instanceof Error)
    return [];
  return [value.prototype as object, value].flatMap((holder) =>
    Object.entries(Object.getOwnPropertyDescriptors(holder))
      .filter(([name, { value: found }]) => name !== "constructor" && typeof found === "function")
      .map(([name]) => `${className}.${name}`),
  );
});
process.stdout.write(JSON.stringify({ version: `js ${version}`, javascript: methods.toSorted() }));
