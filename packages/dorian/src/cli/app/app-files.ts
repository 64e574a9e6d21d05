import type { App, Image } from "@dorian/sdk";
import { watchedDirectories, type WatchedDirectory } from "@dorian/sdk/local/watched-directories";
import { IgnorePatterns } from "@dorian/sdk/local/ignore-patterns";
import type { ImageDefinition } from "@dorian/sdk/image/image-definition";
import type { CommandsStep } from "@dorian/sdk/image/image-step";
import type { LocalSource } from "@dorian/sdk/image/local-source";
import { dirname, join } from "node:path";
import type { WatchTargets } from "./file-watch.ts";

/** Files that say how others are to be understood, in the directory of an app's file or above it. */
const projectFiles = ["package.json", "tsconfig.json", "jsconfig.json", ".env", "Dockerfile"];
/** Each one is a watch of the kernel's, of which a user has some ten thousand. */
const maxDirectories = 4_000;

/** What an app is made of: its modules, the project's settings, and local files that its images add. */
export async function filesOfApp(app: App, inputs: Iterable<string>): Promise<WatchTargets> {
  const sources = new Set([...imagesOf(app)].flatMap((image) => localSources(image)));
  const directories: WatchedDirectory[] = [];
  for (const source of sources) {
    if (source.kind === "directory") {
      for await (const each of watchedDirectories(source.localPath, source.ignore)) {
        if (directories.length < maxDirectories) directories.push(each);
      }
    }
  }
  const single = [...sources].map(({ localPath }) => localPath);
  return { files: [...modulesAndSettings(inputs), ...single], directories };
}

/** What an app that cannot be loaded may be mended by: any file beside those that were read. */
export function filesOfBrokenApp(inputs: Iterable<string>): WatchTargets {
  const files = modulesAndSettings(inputs);
  const directories = new Set(files.map((path) => dirname(path)));
  const isSource = (name: string) =>
    /\.([mc]?[jt]sx?|json|wasm|txt|md|sql|html)$/.test(name) || name === ".env";
  return { files, directories: [...directories].map((path) => [path, isSource] as const) };
}

function modulesAndSettings(inputs: Iterable<string>): string[] {
  const own = [...inputs].filter((path) => !path.includes("/node_modules/"));
  const directories = new Set<string>();
  for (const path of own) {
    for (let at = dirname(path); !directories.has(at) && at !== dirname(at); at = dirname(at))
      directories.add(at);
  }
  return [...own, ...[...directories].flatMap((at) => projectFiles.map((name) => join(at, name)))];
}

function imagesOf(app: App): Set<Image> {
  const images = [app.options.image, ...app.registered.map(({ options }) => options.image)];
  return new Set(images.filter((image) => image !== undefined));
}

function localSources(image: ImageDefinition): LocalSource[] {
  const own = image.step.kind === "commands" ? sourcesOf(image.step) : [];
  return [...image.mounted, ...own, ...(image.base ? localSources(image.base) : [])];
}

function sourcesOf({ context, dockerfile, copied }: CommandsStep): LocalSource[] {
  const source = (kind: LocalSource["kind"], localPath: string, ignore: readonly string[] = []) => ({
    kind,
    localPath,
    remotePath: "/",
    ignore: new IgnorePatterns(ignore),
  });
  return [
    ...context,
    ...(dockerfile === undefined ? [] : [source("file", dockerfile)]),
    ...(copied ? [source("directory", copied.path, copied.ignore ?? ["**/node_modules", "**/.git"])] : []),
  ];
}
