import { isId } from "@dorian/base/ids";
import { UsageError } from "../input.ts";

/** Where a shell is wanted. */
export type ShellPlace =
  | { kind: "container"; taskId: string }
  /** A function of an app in a file; without a name the only one it has. */
  | { kind: "file"; file: string; name: string | undefined }
  /** A function of an app that is deployed or runs. */
  | { kind: "app"; app: string; name: string | undefined }
  | { kind: "image"; reference: string | undefined };

/**
 * Reads `app.ts::function`, `APP::function`, the id of a container, or nothing, with the image of `--image`.
 *
 * @throws UsageError
 */
export function shellPlace(text: string | undefined, image: string | undefined): ShellPlace {
  if (text === undefined) return { kind: "image", reference: image };
  if (image !== undefined)
    throw new UsageError(`"${text}" has an image already.`, "leave it out, or leave out --image.");
  if (isId("ta", text)) return { kind: "container", taskId: text };
  const [place = "", object, ...more] = text.split("::");
  // Methods share the containers of their class.
  const name = object?.split(".")[0];
  if (place === "" || name === "" || more.length > 0)
    throw new UsageError(
      `"${text}" is no place for a shell.`,
      "write app.ts::function, APP::function or the id of a container (ta-…).",
    );
  return /\.[mc]?[jt]sx?$/.test(place)
    ? { kind: "file", file: place, name }
    : { kind: "app", app: place, name };
}
