const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Prefix of each kind of object. Clients derive an object's class from it. */
export type IdPrefix =
  | "ap"
  | "fu"
  | "cs"
  | "fc"
  | "in"
  | "im"
  | "mo"
  | "vo"
  | "st"
  | "en"
  | "ta"
  | "bl"
  | "di"
  | "qu"
  | "de"
  | "ly"
  | "wo"
  | "bd"
  | "ex"
  | "tk"
  | "tf"
  | "dd"
  | "sb"
  | "ir"
  | "wk";

/**
 * A new object id: prefix, one dash, 22 random base-62 characters (the form that clients parse).
 *
 * @example
 * newId("vo"); // "vo-4hXq0Zb1…"
 */
export function newId(prefix: IdPrefix): string {
  let out = "";
  while (out.length < 22) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      // 248 is the largest multiple of 62 below 256: anything above would favour some characters.
      if (byte < 248 && out.length < 22) out += alphabet[byte % 62];
    }
  }
  // Clients take a container whose id ends so for one of another kind of sandbox, and ask other calls about it.
  return prefix === "ta" && out.endsWith("V") ? newId(prefix) : `${prefix}-${out}`;
}

/** True when `id` has the given prefix and the full form. */
export function isId(prefix: IdPrefix, id: string): boolean {
  return id.startsWith(`${prefix}-`) && /^[a-z]{2}-[0-9A-Za-z]{22}$/.test(id);
}
