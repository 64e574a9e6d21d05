import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Directory of this package: of its sources in a checkout, of what was built from them where it is installed from npm. */
export const packageDirectory = directoryAbove(import.meta.dirname);

function directoryAbove(start: string): string {
  let directory = start;
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return directory;
}
