import { AppError } from "@dorian/base/app-error";
import { IgnorePatterns } from "../local/ignore-patterns.ts";
import { localPathOf } from "../local/local-path.ts";
import { commands, type CommandsStep } from "./image-step.ts";
import type { LocalSource } from "./local-source.ts";
import type { StepOptions } from "./step-options.ts";

/** Whether local files become part of an image. */
export interface LocalFileOptions {
  /** True: part of the image, for later steps too. False (default): added when a container starts, without a build. */
  copy?: boolean;
}

/** What of a local directory is taken. */
export interface LocalDirectoryOptions extends LocalFileOptions {
  /**
   * What to leave out, by the rules of `.dockerignore`: patterns count from the directory (`"*.log"`; at any depth `"**\/*.log"`), what is
   * below goes with a directory, and `"!keep.log"` brings back what a pattern before it left out. Default: nothing.
   */
  ignore?: readonly string[];
}

/** A file of this machine, at a path of the image. */
export function localFile(path: string | URL, remotePath: string): LocalSource {
  return { kind: "file", localPath: localPathOf(path), remotePath, ignore: IgnorePatterns.none };
}

/** A directory of this machine, at a path of the image. @throws AppError IMAGE_IGNORE_INVALID */
export function localDirectory(
  path: string | URL,
  remotePath: string,
  ignore: readonly string[] = [],
): LocalSource {
  return {
    kind: "directory",
    localPath: localPathOf(path),
    remotePath,
    ignore: new IgnorePatterns(ignore),
  };
}

/** An npm package of this machine, where user code finds it. @throws AppError IMAGE_IGNORE_INVALID */
export function localPackage(path: string | URL, ignore: readonly string[] = []): LocalSource {
  const others = ["**/node_modules", "**/.git"];
  return { ...localDirectory(path, "/root/node_modules", [...others, ...ignore]), isPackage: true };
}

/** A step that makes local files part of the image. */
export function copyStep(source: LocalSource, options: StepOptions): CommandsStep {
  return { ...commands(["COPY . /"], options), context: [source] };
}

/** Refuses a path that does not say where in the image it is. @throws AppError IMAGE_PATH_INVALID */
export function checkRemotePath({ remotePath }: LocalSource): void {
  if (remotePath.startsWith("/")) return;
  throw new AppError("IMAGE_PATH_INVALID", `"${remotePath}" is not an absolute path in the image.`, {
    status: "INVALID_ARGUMENT",
    remedy: 'Say where in the image it belongs, for example "/root/data".',
  });
}
