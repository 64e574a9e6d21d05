import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { instructionsOf } from "@dorian/sdk/image/dockerfile-text";
import type { CommandsStep, CopiedDirectory } from "@dorian/sdk/image/image-step";
import type { LocalSource } from "@dorian/sdk/image/local-source";
import { IgnorePatterns } from "@dorian/sdk/local/ignore-patterns";
import { withLocalFile } from "@dorian/sdk/local/local-file-error";

/** What a step comes to with what is on this machine now. */
export interface StepContent {
  lines: string[];
  /** What its lines may copy from. */
  context: LocalSource[];
}

/**
 * Reads the Dockerfile of a step, if it has one, and finds out what its lines copy.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_UNREADABLE, IMAGE_IGNORE_INVALID
 */
export async function contentOf(step: CommandsStep): Promise<StepContent> {
  const { dockerfile, copied } = step;
  const lines =
    dockerfile === undefined
      ? step.lines
      : (await withLocalFile(dockerfile, "read", () => readFile(dockerfile, "utf8"))).split(/\r?\n/);
  if (copied === undefined) return { lines, context: step.context };
  const named = copiedPaths(lines.join("\n"));
  if (named.length === 0) return { lines, context: step.context };
  const patterns = [...onlyThese(named), ...(await ignoredOf(copied, dockerfile))];
  const source: LocalSource = {
    kind: "directory",
    localPath: copied.path,
    remotePath: "/",
    ignore: new IgnorePatterns(patterns),
  };
  return { lines, context: [...step.context, source] };
}

/** A mount of the directory itself: a cache, a secret, or what an image or another stage has, is none of its. */
const bindsDirectory = /^RUN\s+(?:--\S+\s+)*--mount=(?!(?:\S*,)?(?:type=(?:cache|secret|ssh|tmpfs)|from=))/i;

/** What lines of a Dockerfile copy from their directory, as patterns; "." for all of it, which also stands for what is only known later. */
export function copiedPaths(text: string): string[] {
  return [...instructionsOf(text)].flatMap((instruction) => {
    if (bindsDirectory.test(instruction)) return ["."];
    const [, args = ""] = /^(?:COPY|ADD)\s+(.*)$/is.exec(instruction) ?? [];
    if (args === "" || /(^|\s)--from=/.test(args)) return [];
    const words = wordsOf(args.replace(/^(?:--\S+\s+)*/, ""));
    return words.slice(0, -1).flatMap((word) => {
      if (word.startsWith("<<") || /^(https?|git|ssh):|^git@/.test(word)) return [];
      const path = posix.join("/", word).slice(1);
      return [path === "" || /[$"'\\]/.test(path) ? "." : path];
    });
  });
}

function wordsOf(args: string): string[] {
  try {
    const list: unknown = JSON.parse(args);
    if (Array.isArray(list)) return list.map(String);
  } catch {
    // Most are not written as a list.
  }
  return args.split("\n")[0]?.trim().split(/\s+/) ?? [];
}

function onlyThese(paths: readonly string[]): string[] {
  return paths.includes(".") ? [] : ["**", ...new Set(paths.map((path) => `!${path}`))];
}

/** A Dockerfile's own list goes before that of the directory. */
async function ignoredOf({ path, ignore }: CopiedDirectory, dockerfile: string | undefined) {
  if (ignore !== undefined) return ignore;
  const own = dockerfile === undefined ? undefined : await linesOf(`${dockerfile}.dockerignore`);
  const lines = own ?? (await linesOf(join(path, ".dockerignore"))) ?? [];
  return lines.filter((line) => !line.startsWith("#"));
}

async function linesOf(path: string): Promise<string[] | undefined> {
  const text = await withLocalFile(path, "read", () => unlessAbsent(readFile(path, "utf8")));
  return text?.split(/\r?\n/);
}
