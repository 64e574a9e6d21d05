/** One file that an index or a directory offers. */
export interface IndexFile {
  filename: string;
  /** Absolute: `https:`, `http:` or `file:`. */
  url: string;
  /** In hex, when the index tells it. */
  sha256?: string;
  /** Version specifier of the Pythons that it is for. */
  requiresPython?: string;
  /** Taken back by its makers: only for those who name exactly this version. */
  isYanked: boolean;
}

interface JsonFile {
  filename: string;
  url: string;
  hashes?: Record<string, string>;
  "requires-python"?: string | null;
  yanked?: boolean | string;
}

/** The files of a page of a package index in its JSON form. */
export function parseJsonPage(text: string, pageUrl: string): IndexFile[] {
  const page = JSON.parse(text) as { files: JsonFile[] };
  return page.files.map((file) => ({
    filename: file.filename,
    url: new URL(file.url, pageUrl).href,
    ...(file.hashes?.["sha256"] === undefined ? {} : { sha256: file.hashes["sha256"] }),
    ...(file["requires-python"] ? { requiresPython: file["requires-python"] } : {}),
    isYanked: file.yanked !== undefined && file.yanked !== false,
  }));
}

/** The files that a page's links lead to: of an index without a JSON form, or of a plain listing. */
export function parseHtmlPage(text: string, pageUrl: string): IndexFile[] {
  const base = tagsIn(text, "base").next().value?.get("href");
  const origin = base === undefined || !URL.canParse(base, pageUrl) ? pageUrl : new URL(base, pageUrl).href;
  return [...tagsIn(text, "a")].flatMap((attributes) => {
    const href = attributes.get("href");
    if (href === undefined || !URL.canParse(href, origin)) return [];
    const url = new URL(href, origin);
    const sha256 = /^#(?:.*&)?sha256=([0-9a-f]{64})\b/.exec(url.hash)?.[1];
    url.hash = "";
    const requiresPython = attributes.get("data-requires-python");
    return {
      filename: fileNameOf(url),
      url: url.href,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(requiresPython ? { requiresPython } : {}),
      isYanked: attributes.has("data-yanked"),
    };
  });
}

/** The last part of an address, as a file name. */
export function fileNameOf(url: URL): string {
  const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  return name.replaceAll(/%([0-7][0-9a-f])/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)));
}

/** The attributes of each tag of a name. Whoever never closes one has it looked for once, and not again from each further beginning. */
function* tagsIn(text: string, name: string): Generator<Map<string, string>, undefined> {
  for (const { index, 0: begun } of text.matchAll(new RegExp(`<${name}\\s`, "gi"))) {
    const end = text.indexOf(">", index);
    if (end < 0) return;
    yield attributesOf(text.slice(index + begun.length, end));
  }
}

function attributesOf(source: string): Map<string, string> {
  const found = source.matchAll(/([a-z][\w-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi);
  return new Map(
    [...found].map(([, name = "", double, single, bare]) => [
      name.toLowerCase(),
      unescapeHtml(double ?? single ?? bare ?? ""),
    ]),
  );
}

const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeHtml(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return characterOf(Number(decimal)) ?? whole;
    if (hex !== undefined) return characterOf(Number.parseInt(hex, 16)) ?? whole;
    return entities[String(name)] ?? whole;
  });
}

/** Undefined for a number that no character has. */
function characterOf(code: number): string | undefined {
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined;
}
