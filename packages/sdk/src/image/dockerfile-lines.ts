import { AppError } from "@dorian/base/app-error";
import { IgnorePatterns } from "../local/ignore-patterns.ts";
import { localPathOf } from "../local/local-path.ts";
import { fromLine } from "./dockerfile-text.ts";
import { commands, type CommandsStep } from "./image-step.ts";
import { emptyStep } from "./step-arguments.ts";
import type { RunOptions } from "./step-options.ts";

/** How lines of a Dockerfile are understood. */
export interface DockerfileOptions extends RunOptions {
  /** Local directory that COPY and ADD count from. Default: that of the Dockerfile; for `dockerfileCommands` there is none. */
  contextDir?: string | URL;
  /** What of that directory is left out, by the rules of `.dockerignore`. Default: what such a file says, beside the Dockerfile under its name, or in the directory. */
  ignore?: readonly string[];
  /** Values of ARG lines. Default: those in the lines. */
  buildArgs?: Record<string, string>;
}

/**
 * A step of lines that the user wrote.
 *
 * @throws AppError IMAGE_STEP_EMPTY, IMAGE_STEP_INVALID
 */
export function dockerfileLinesStep(lines: readonly string[], options: DockerfileOptions): CommandsStep {
  const from = fromLine(lines.join("\n"));
  if (from !== undefined) {
    throw new AppError("IMAGE_STEP_INVALID", `"${from}" cannot stand in dockerfileCommands.`, {
      status: "INVALID_ARGUMENT",
      remedy:
        "Leave FROM out: the image before is the base. To begin with another one, use Image.fromRegistry(…).",
    });
  }
  if (lines.every((line) => line.trim() === "")) throw emptyStep("dockerfileCommands");
  const { contextDir, buildArgs } = options;
  const ignore = checkedIgnore(options.ignore);
  return commands([...lines], options, {
    ...(contextDir === undefined ? {} : { copied: { path: localPathOf(contextDir), ignore } }),
    ...(buildArgs === undefined ? {} : { buildArgs }),
  });
}

/** Patterns that are read when the image is built: a fault in them is told where they are written. */
export function checkedIgnore(patterns: readonly string[] | undefined): readonly string[] | undefined {
  void (patterns && new IgnorePatterns(patterns));
  return patterns;
}
