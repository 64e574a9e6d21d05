import { AppError, errnoOf } from "@dorian/base/app-error";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { packageDirectory } from "../package-directory.ts";

export interface ProjectTemplate {
  name: string;
  about: string;
}

export const projectTemplates: readonly ProjectTemplate[] = [
  { name: "function", about: "a function that runs in many containers at a time" },
  { name: "weights", about: "a class with a model's weights, from a volume" },
  { name: "web", about: "a web service in front of a class" },
];

const templatesDirectory = join(packageDirectory, "templates");
/** What stands in templates for the name of the app. */
const placeholder = /\bmy-app\b/g;

/** Room is left for names of volumes that begin with the app's. */
const mostLetters = 50;

/** A name for an app and a package, of the directory's. */
export function appNameOf(directory: string): string {
  const name = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .slice(0, mostLetters)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return name === "" ? "my-app" : name;
}

/** The files of a new project, by their names. */
export async function projectFiles(
  template: string,
  { name, version }: { name: string; version: string },
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const directory = join(templatesDirectory, template);
  for (const file of (await readdir(directory)).toSorted())
    files.set(file, (await readFile(join(directory, file), "utf8")).replaceAll(placeholder, name));
  files.set("package.json", `${JSON.stringify(manifestOf(template, name, version), null, 2)}\n`);
  files.set("tsconfig.json", await readFile(join(templatesDirectory, "tsconfig.json"), "utf8"));
  // Under its own name it would be left out of the package.
  files.set(".gitignore", await readFile(join(templatesDirectory, "gitignore"), "utf8"));
  return files;
}

/**
 * Writes files into a directory, which is made.
 *
 * @throws AppError PROJECT_FILES_EXIST before anything is written
 */
export async function writeProject(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  const existing: string[] = [];
  for (const name of files.keys()) {
    if (await exists(join(directory, name))) existing.push(name);
  }
  if (existing.length > 0) {
    throw new AppError("PROJECT_FILES_EXIST", `${directory} has ${existing.join(", ")} already.`, {
      status: "ALREADY_EXISTS",
      remedy: "Name a directory that is not there yet: nothing is overwritten.",
    });
  }
  for (const [name, content] of files) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { flag: "wx" });
  }
}

function manifestOf(template: string, name: string, version: string): object {
  return {
    name,
    private: true,
    type: "module",
    scripts: {
      check: "tsc",
      ...(template === "web"
        ? { deploy: "dorian deploy app.ts", start: "node server.ts" }
        : { run: "dorian run app.ts", deploy: "dorian deploy app.ts" }),
    },
    dependencies: { dorian: version },
    devDependencies: { "@types/node": "^24.0.0", typescript: "^7.0.0" },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw new AppError("DIRECTORY_NOT_USABLE", `${dirname(path)} cannot hold a project.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Name a directory that is not there yet, or an empty one.",
      cause: error,
    });
  }
}
