import { UsageError } from "../input.ts";

/** What a run target names: a file, and maybe one function, class or method of the app in it. */
export interface Target {
  file: string;
  /** Name of a function or class. */
  object?: string;
  method?: string;
}

/**
 * Reads `app.ts`, `app.ts::train` or `app.ts::Model.inference`.
 *
 * @throws UsageError
 */
export function parseTarget(text: string): Target {
  const [file = "", object, ...more] = text.split("::");
  if (file === "" || more.length > 0) throw malformed(text);
  if (object === undefined) return { file };
  const [name = "", method, ...rest] = object.split(".");
  if (name === "" || method === "" || rest.length > 0) throw malformed(text);
  return method === undefined ? { file, object: name } : { file, object: name, method };
}

function malformed(text: string): UsageError {
  return new UsageError(
    `"${text}" names nothing that can run.`,
    "write app.ts, app.ts::function or app.ts::Class.method.",
  );
}
