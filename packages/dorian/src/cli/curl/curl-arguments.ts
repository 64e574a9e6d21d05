/** What is asked for by a command line of curl in which one word may name a web function. */
export interface CurlArguments {
  /** `app::function`, or a web function's address. */
  target: string;
  /** What follows the function's name. */
  path: string;
  /** The other words, before and after the target. */
  before: readonly string[];
  after: readonly string[];
  /** It says itself who it is. */
  hasAuthorization: boolean;
}

/** Short options of curl that take a value, which is the next word where they end a word. */
const withValue = /^-[a-zA-Z#]*[AbcCdDeEFHKmoPQrtTuUwxXyYz]$/;
/** Long options that take none. Of others the next word is the value. */
const flags = new Set(
  (
    "anyauth append basic compressed create-dirs digest disable fail fail-early fail-with-body get globoff head http0.9 http1.0 " +
    "http1.1 http2 http2-prior-knowledge http3 include insecure ipv4 ipv6 junk-session-cookies location no-buffer no-keepalive " +
    "no-progress-meter parallel path-as-is progress-bar raw remote-header-name remote-name remote-time show-error show-headers " +
    "silent styled-output tcp-nodelay tlsv1.2 tlsv1.3 tr-encoding verbose xattr"
  ).split(" "),
);
const targetForm = /^(https?:\/\/.+|[^\s/:-][^\s/:]*::[^\s/:]+)$/;

/** Finds the target among curl's own arguments; undefined when there is none. */
export function curlArguments(words: readonly string[]): CurlArguments | undefined {
  const at = words.findIndex((word, index) => targetForm.test(word) && !takesValue(words[index - 1] ?? ""));
  const target = words[at];
  if (target === undefined) return undefined;
  const next = words[at + 1] ?? "";
  const path = next.startsWith("/") ? next : "";
  const before = words.slice(0, at);
  const after = words.slice(at + (path === "" ? 1 : 2));
  const rest = [...before, ...after];
  const hasAuthorization = rest.some(
    (word, index) =>
      /^(-u.*|--user|--oauth2-bearer|-n|--netrc)$/.test(word) ||
      /^-H ?authorization *:/i.test(word) ||
      (/^authorization *:/i.test(word) && /^(-H|--header)$/.test(rest[index - 1] ?? "")),
  );
  return { target, path, before, after, hasAuthorization };
}

function takesValue(word: string): boolean {
  if (word.startsWith("--")) return word.length > 2 && !word.includes("=") && !flags.has(word.slice(2));
  return withValue.test(word);
}
