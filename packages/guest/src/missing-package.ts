import { AppError } from "@dorian/base/app-error";

/** The error of an import that found no package, with what to do; any other error as it is. */
export function withHint(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") return error;
  const name = /^Cannot find package '([^']+)'/.exec(error.message)?.[1];
  if (name === undefined) return error;
  return new AppError("PACKAGE_NOT_IN_IMAGE", `The image does not hold the npm package "${name}".`, {
    remedy: `Add it with .npmInstall("${name}").`,
    cause: error,
  });
}
