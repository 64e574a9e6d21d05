import { getTsconfig } from "get-tsconfig";
import { dirname } from "node:path";

/** Whether the tsconfig of a file asks for the decorators of before the standard. */
export function usesLegacyDecorators(path: string): boolean {
  try {
    return getTsconfig(dirname(path))?.config.compilerOptions?.experimentalDecorators === true;
  } catch {
    // What is wrong with it the build tells, which reads it too.
    return false;
  }
}
