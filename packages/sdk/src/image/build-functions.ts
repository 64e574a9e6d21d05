import { AppError } from "@dorian/base/app-error";
import type { AnyFunction } from "../any-function.ts";

// The container that runs a build step finds the function by the name under which the module's evaluation left it here.
const known = new Map<string, AnyFunction>();

/** Remembers a function given to `runFunction`, and returns its name. */
export function rememberBuildFunction(run: unknown): string {
  const refuse = (what: string, remedy: string) =>
    new AppError("BUILD_FUNCTION_INVALID", `runFunction was given ${what}.`, {
      status: "INVALID_ARGUMENT",
      remedy,
    });
  if (typeof run !== "function")
    throw refuse(`a ${typeof run}, not a function`, "Pass the function itself, without calling it.");
  if (run.name === "" || run.name === "anonymous") {
    throw refuse(
      "a function without a name",
      "Give it a name: `async function download() { … }`, then runFunction(download).",
    );
  }
  const other = known.get(run.name);
  if (other !== undefined && other !== run && other.toString() !== run.toString()) {
    throw refuse(`two different functions named "${run.name}"`, "Rename one of them.");
  }
  if (/\{\s*\[native code\]\s*\}\s*$/.test(run.toString())) {
    throw refuse(
      "a function without source text",
      "Pass a function that is written in your module, not one made by bind().",
    );
  }
  known.set(run.name, run as AnyFunction);
  return run.name;
}

/** Forgets all of them: for a program that loads an app's module again. */
export function forgetBuildFunctions(): void {
  known.clear();
}

/** A function that some image of the loaded modules runs while it is built. */
export function buildFunction(name: string): AnyFunction | undefined {
  return known.get(name);
}
