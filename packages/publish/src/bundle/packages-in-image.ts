import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf } from "@dorian/base/app-error";
import type { ImageDefinition } from "@dorian/sdk/image/image-definition";
import { withLocalFile } from "@dorian/sdk/local/local-file-error";

/**
 * Names of the npm packages that an image holds, as far as its definition tells.
 *
 * @throws AppError LOCAL_FILE_MISSING, MANIFEST_INVALID
 */
export async function packagesInImage(image: ImageDefinition): Promise<Set<string>> {
  const projects = await Promise.all(image.manifests.map((path) => dependenciesIn(path)));
  const local = await Promise.all(image.localPackages.map((path) => packageNameIn(path)));
  return new Set([...image.npmPackages, ...projects.flat(), ...local]);
}

async function dependenciesIn(path: string): Promise<string[]> {
  const { dependencies, optionalDependencies } = await readManifest(path);
  const all = Object.entries({ ...dependencies, ...optionalDependencies });
  const [local] = all.filter(([, from]) => /^(file|link|portal|workspace):/.test(from));
  if (local === undefined) return all.map(([name]) => name);
  const [name, from] = local;
  throw invalid(
    path,
    `depends on "${name}" from ${JSON.stringify(from)}, a directory that the image does not have.`,
    `Take it out of that file: where it is imported it is bundled with the app, and with addLocalPackage(…) it lies in the image.`,
  );
}

/** The name of the npm package in a directory of this machine. @throws AppError LOCAL_FILE_MISSING, MANIFEST_INVALID */
export async function packageNameIn(directory: string): Promise<string> {
  const path = join(directory, "package.json");
  const { name } = await readManifest(path);
  if (typeof name === "string" && /^(@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*$/.test(name)) return name;
  throw invalid(path, `has no name that an npm package can have: ${JSON.stringify(name)}.`, "Give it one.");
}

/** What is read of a `package.json`. */
interface Manifest {
  name?: unknown;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Reads a `package.json` of this machine. @throws AppError LOCAL_FILE_MISSING, MANIFEST_INVALID */
async function readManifest(path: string): Promise<Manifest> {
  const text = await withLocalFile(path, "read", () => readFile(path, "utf8"));
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === "object" && read !== null) return read;
  } catch (error) {
    throw invalid(path, `is not JSON: ${messageOf(error)}.`, "Mend it, or name another file.");
  }
  throw invalid(path, "holds no object.", "Name a package.json.");
}

function invalid(path: string, problem: string, remedy: string): AppError {
  return new AppError("MANIFEST_INVALID", `${JSON.stringify(path)} ${problem}`, {
    status: "INVALID_ARGUMENT",
    remedy,
  });
}
