import { readFileSync } from "node:fs";
import { Script } from "node:vm";
import { fileURLToPath } from "node:url";

/** Under this name the guest runs its larger part, and what is beside it: stacks leave it out. */
export const guestBodyName = "dorian-guest";

let guestUrl = "";

/** Says where the guest's own file is. */
export function setGuestUrl(url: string): void {
  guestUrl = url;
}

/** The exports of a part of the guest that few programs need, in a file beside the guest's own: read when it is needed. */
export function loadBeside(name: string): unknown {
  const path = fileURLToPath(new URL(name, guestUrl));
  return new Script(readFileSync(path, "utf8"), { filename: guestBodyName }).runInThisContext();
}
