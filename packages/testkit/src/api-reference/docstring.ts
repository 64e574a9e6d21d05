/** What a documentation comment says, in its parts. */
export interface Docstring {
  /** Markdown. */
  text: string;
  parameters: { name: string; text: string }[];
  throws: string[];
  examples: string[];
}

/** Reads a comment in the form of TSDoc; "" is one that says nothing. */
export function readDocstring(comment: string): Docstring {
  const inner = comment
    .trim()
    .replace(/^\/\*\*/, "")
    .replace(/\*\/$/, "");
  const lines = inner.split("\n").map((line) => line.replace(/^ *\* ?/, "").trimEnd());
  // A short comment has its tags on the one line that it is.
  const all = lines.join("\n").replaceAll(/(?<=\S) (?=@(?:throws|param|returns|example)\b)/g, "\n");
  const [text = "", ...tags] = all.split(/^\s*(?=@(?:throws|param|returns|example)\b)/m);
  const found: Docstring = { text: prose(text), parameters: [], throws: [], examples: [] };
  for (const tag of tags) {
    const [, kind = "", body = ""] = /^@(\w+)([^]*)$/.exec(tag) ?? [];
    if (kind === "throws") found.throws.push(prose(body));
    if (kind === "example") found.examples.push(body.replace(/^\s*\n/, "").trimEnd());
    if (kind === "returns") found.text = `${found.text}\n\nReturns ${prose(body)}`.trim();
    if (kind !== "param") continue;
    const [, name = "", said = ""] = /^\s*([\w.]+)\s*([^]*)$/.exec(body) ?? [];
    found.parameters.push({ name, text: prose(said) });
  }
  return found;
}

/** The first sentence, for lists. */
export function firstSentence({ text }: Docstring): string {
  return (/^[^]*?\.(?=\s|$)/.exec(text.split("\n\n")[0] ?? "")?.[0] ?? text).replaceAll("\n", " ").trim();
}

function prose(text: string): string {
  return text
    .replaceAll(/\{@link ([\w.]+)\}/g, "`$1`")
    .replaceAll(/\{@inheritDoc ([\w.]+)\}/g, "As `$1`.")
    .replaceAll("**\\/", "**/")
    .trim();
}
