/** In which language a caller writes programs. */
export type Language = "typescript" | "python";

/** Says of which type a client is. */
export const clientTypeHeader = "x-modal-client-type";

/** Types of client, as the wire contract numbers them: from here on they are those of other languages than Python. */
const firstOfOthers = 7;

/** The caller's language by its type. Our own parts send none, and pass texts on as they are. */
export function languageOf(clientType: string | undefined): Language {
  const type = Number(clientType);
  return type > 0 && type < firstOfOthers ? "python" : "typescript";
}

/**
 * The words that messages use for one thing, in TypeScript and in Python. Messages are written in TypeScript's, each within backticks:
 * what stands there is code, and is said to a Python user in Python.
 */
const vocabulary: readonly (readonly [string, string])[] = [
  ["dorian run", "modal run"],
  ["dorian deploy", "modal deploy"],
  ["dorian app list --all", "modal app list"],
  ["dorian app list", "modal app list"],
  ["dorian app logs", "modal app logs"],
  ["dorian app stop", "modal app stop"],
  ["dorian app history", "modal app history"],
  ["dorian app rollback", "modal app rollback"],
  ["dorian container list", "modal container list"],
  ["dorian container logs", "modal container logs"],
  ["dorian container exec", "modal container exec"],
  ["dorian container stop", "modal container stop"],
  ["dorian volume create", "modal volume create"],
  ["dorian volume list", "modal volume list"],
  ["dorian volume delete", "modal volume delete"],
  ["dorian volume ls", "modal volume ls"],
  ["dorian volume get", "modal volume get"],
  ["dorian secret create", "modal secret create"],
  ["dorian secret list", "modal secret list"],
  ["Secret.fromObject", "modal.Secret.from_dict"],
  ["FunctionCall.fromId", "modal.FunctionCall.from_id"],
  ["Image.debianSlim", "modal.Image.debian_slim"],
  ["Image.fromRegistry", "modal.Image.from_registry"],
  ["CloudBucketMount", "modal.CloudBucketMount"],
  ["Image", "modal.Image"],
  ["Volume", "modal.Volume"],
  ["Secret", "modal.Secret"],
  ["@enter", "@modal.enter"],
  ["@parameter()", "modal.parameter()"],
  ["createIfMissing: true", "create_if_missing=True"],
  ["createIfMissing", "create_if_missing"],
  ["minContainers", "min_containers"],
  ["maxContainers", "max_containers"],
  ["startupTimeout", "startup_timeout"],
  ["ephemeralDisk", "ephemeral_disk"],
  ["blockNetwork", "block_network"],
  ["restrictModalAccess", "restrict_modal_access"],
];

const inPython = new Map(vocabulary);
const escaped = vocabulary
  .map(([word]) => word)
  .toSorted((a, b) => b.length - a.length)
  .map((word) => word.replaceAll(/[.()[\]{}+*?^$|\\]/g, String.raw`\$&`));
const known = new RegExp(String.raw`(?<![\w.@])(?:${escaped.join("|")})(?!\w)`, "g");

/** A message of ours in the words of its reader's language. */
export function inWordsOf(language: Language | undefined, text: string): string {
  if (language !== "python" || !text.includes("`")) return text;
  return text.replaceAll(/`[^`]+`/g, (code) => code.replaceAll(known, (word) => inPython.get(word) ?? word));
}
