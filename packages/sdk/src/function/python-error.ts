import type { RemoteErrorParts } from "./remote-error.ts";

/**
 * An exception of Python in the parts of an error: its type for a name and its own words for a message, taken from what
 * containers of Python report, its `repr` and the traceback.
 */
export function pythonError(exception: string, traceback: string): RemoteErrorParts {
  const type = /^([A-Za-z_][\w.]*)\(/.exec(exception)?.[1];
  const name = type?.slice(type.lastIndexOf(".") + 1);
  if (name === undefined) return { name: "RemoteError", message: exception, stack: traceback };
  return { name, message: lastWords(name, traceback) ?? exception, stack: traceback };
}

/** What follows the type in the traceback's last paragraph, which may have many lines. */
function lastWords(name: string, traceback: string): string | undefined {
  const escaped = name.replaceAll("$", "\\$");
  const found = [...traceback.matchAll(new RegExp(`^(?:[\\w.]+\\.)?${escaped}(?:: ([^]*))?$`, "gm"))].at(-1);
  return found && (found[1] ?? "").trimEnd();
}
