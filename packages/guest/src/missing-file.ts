/** Where the app's module lies in containers, with what it brings along. */
const directory = "/root/";

/**
 * What to do about an error that says that a file of the user's project is not in the container; undefined for any other. A
 * program finds out where it asks for the file: nothing tells before which files it will ask for.
 */
export function missingFileHint(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const path = missingPath(error, String(error.code));
  if (path === undefined || !path.startsWith(directory)) return undefined;
  const inPackage = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  if (inPackage !== undefined)
    return `The package "${inPackage}" was bundled and looks for a file of its own: install it in the image with .npmInstall("${inPackage}").`;
  const beside = path.slice(directory.length);
  return /\.[mc]?[jt]sx?$/.test(path)
    ? `If ${beside} is a file of your project: name it by new URL("./${beside}", import.meta.url) or in import("./${beside}"), and it is bundled.`
    : `If ${beside} is a file of your project: name it by new URL("./${beside}", import.meta.url), and it is shipped with the code; or add it to the image with .addLocalFile("${beside}", "${path}").`;
}

function missingPath(error: Error, code: string): string | undefined {
  if (code === "ENOENT") return "path" in error ? String(error.path) : undefined;
  if (!["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(code)) return undefined;
  return /^Cannot find module '(?:file:\/\/)?([^']+)'/.exec(error.message)?.[1];
}
