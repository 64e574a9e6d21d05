import { AppError } from "@dorian/base/app-error";

const maxNameBytes = 255;
/** The kernel takes 4,096 bytes; the rest is for where the layer lies on this machine. */
export const maxPathBytes = 3500;

/**
 * A path as a client gave it, in the one form used inside: names joined by "/", with none in front; "" is the root.
 *
 * @throws AppError PATH_INVALID for "..", NUL, or what a file system could not hold.
 */
export function parsePath(path: string): string {
  if (path.includes("\0")) throw invalid(path, "holds a NUL character");
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  for (const name of names) {
    if (name === "..") throw invalid(path, 'holds ".."');
    if (Buffer.byteLength(name) > maxNameBytes)
      throw invalid(path, `has a name longer than ${maxNameBytes} bytes`);
  }
  const parsed = names.join("/");
  if (Buffer.byteLength(parsed) > maxPathBytes) throw invalid(path, `is longer than ${maxPathBytes} bytes`);
  return parsed;
}

/** Parses as `parsePath` does the path of a file: the root is refused. */
export function parseFilePath(path: string): string {
  const parsed = parsePath(path);
  if (parsed === "") throw invalid(path, "names no file");
  return parsed;
}

/** The path of the directory that holds `path`, and the name in it. */
export function splitPath(path: string): { parent: string; name: string } {
  const slash = path.lastIndexOf("/");
  return { parent: slash < 0 ? "" : path.slice(0, slash), name: path.slice(slash + 1) };
}

/** `name` in the directory `parent`. */
export function childPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}

function invalid(path: string, problem: string): AppError {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new AppError("PATH_INVALID", `The path ${JSON.stringify(shown)} ${problem}.`, {
    status: "INVALID_ARGUMENT",
    remedy: 'Give a path from the root, such as "models/iris.safetensors".',
  });
}
