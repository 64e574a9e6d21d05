import type { ImageDefinition } from "./image-definition.ts";
import { packageStandIn } from "./package-stand-in.ts";

/** What was not found, by the image that is to hold it. */
const lacking: { image: ImageDefinition; error: unknown }[] = [];

/** Forgets what was not found: for a program that loads an app's module again. */
export function forgetGuardedImports(): void {
  lacking.length = 0;
}

/** Loads packages that an image holds; where one is not found, something stands for it that fails when it is used. */
export async function guardedImports<T>(image: ImageDefinition, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const specifier = notFound(error);
    if (specifier === undefined) throw error;
    lacking.push({ image, error });
    const packageName = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
    const advice = `it is not installed. Add it to the image that the function runs on with .npmInstall("${packageName}").`;
    return packageStandIn(specifier, packageName, advice) as T;
  }
}

/** Why packages that an image, or one below it, is to hold could not be loaded; undefined when all were there. */
export function failedImport(image: ImageDefinition | undefined): unknown {
  for (let each = image; each; each = each.base) {
    const found = lacking.find(({ image: guard }) => holds(each, guard));
    if (found) return found.error;
  }
  return undefined;
}

/** Whether it is that image, or the same with more files laid over it at start. */
function holds(image: ImageDefinition, guard: ImageDefinition): boolean {
  return image.step === guard.step && guard.mounted.every((source, at) => source === image.mounted[at]);
}

function notFound(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (error.code !== "ERR_MODULE_NOT_FOUND" && error.code !== "MODULE_NOT_FOUND") return undefined;
  return /^Cannot find (?:package|module) '([^'./][^']*)'/.exec(error.message)?.[1];
}
