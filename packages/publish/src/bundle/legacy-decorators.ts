import { getTsconfig } from "get-tsconfig";
import { dirname } from "node:path";

/** What the tsconfig of a file says of the decorators of before the standard. */
export function legacyDecorators(path: string): { used: boolean; emitTypes: boolean } {
  try {
    const options = getTsconfig(dirname(path))?.config.compilerOptions;
    return {
      used: options?.experimentalDecorators === true,
      emitTypes: options?.emitDecoratorMetadata === true,
    };
  } catch {
    // What is wrong with it the build tells, which reads it too.
    return { used: false, emitTypes: false };
  }
}
