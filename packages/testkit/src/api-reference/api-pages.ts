import type { PublicDeclaration } from "../public-declarations.ts";
import { declarationParts, type Member } from "./declaration-parts.ts";
import { firstSentence, readDocstring, type Docstring } from "./docstring.ts";

/** The reference of what users can import: the text of each page, by its file's name. */
export function apiPages(declarations: PublicDeclaration[]): Map<string, string> {
  const byPage = Map.groupBy(declarations, pageOf);
  const names = [...byPage.keys()].toSorted();
  const pages = new Map(names.map((page) => [`${page}.md`, pageText(page, byPage.get(page) ?? [])]));
  return new Map([["README.md", indexText(names, byPage)], ...pages]);
}

/** What lies in one folder of the sources is one page. */
function pageOf({ from, door }: PublicDeclaration): string {
  if (door !== "dorian") return door.slice("dorian/".length).replaceAll("/", "-");
  return /^\.\/(?:src\/)?([\w-]+)\//.exec(from)?.[1] ?? "general";
}

const made =
  "Made from the comments of the sources by `npm run generate`; the tests check that it is current.";

function indexText(names: string[], byPage: Map<string, PublicDeclaration[]>): string {
  const sections = names.map((page) => {
    const all = sorted(byPage.get(page) ?? []);
    const rows = all.map(({ as, text }, index) => {
      const anchor = anchorOf(as, all.slice(0, index));
      return `| [\`${as}\`](${page}.md#${anchor}) | ${inCell(firstSentence(docstringOf(text)))} |`;
    });
    const from = `${all[0]?.door}` === "dorian" ? "" : `\n\nFrom \`${all[0]?.door}\`.`;
    return `## ${page}${from}\n\n| name | |\n| --- | --- |\n${rows.join("\n")}`;
  });
  return `# API reference\n\nAll that \`import … from "dorian"\` offers. ${made}\n\n${sections.join("\n\n")}\n`;
}

function pageText(page: string, declarations: PublicDeclaration[]): string {
  const entries = sorted(declarations).map((declaration) => entryText(declaration));
  return `# ${page}\n\n[All names](README.md). ${made}\n\n${entries.join("\n\n")}\n`;
}

function entryText({ as, name, text }: PublicDeclaration): string {
  const { comment, signature, members } = declarationParts(text);
  const named = as === name ? signature : signature.replaceAll(new RegExp(`\\b${name}\\b`, "g"), as);
  const head = members.length > 0 ? named.slice(0, named.indexOf("{\n")).trim() : fence(named);
  const [properties, others] = [members.filter(isProperty), members.filter((member) => !isProperty(member))];
  const parts = [
    `## ${as}`,
    members.length > 0 ? `\`${head}\`` : "",
    ...documented(readDocstring(comment), members.length > 0 ? [] : [head]),
    properties.map(propertyLine).join("\n"),
    ...others.flatMap((member) => memberParts(as, member)),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** One that fits on a line of a list. */
function isProperty({ signature, comment }: Member): boolean {
  return !/[\n]|^(static |get |set )*\w+[(<]|^constructor/.test(signature) && !comment.includes("@");
}

function propertyLine({ signature, comment }: Member): string {
  return `* \`${signature.replace(/;$/, "")}\`: ${readDocstring(comment).text.replaceAll("\n", "\n  ")}`;
}

function memberParts(owner: string, { name, comment, signature }: Member): string[] {
  const title = name === "constructor" ? `new ${owner}` : `${owner}.${name}`;
  return [`### ${title}`, ...documented(readDocstring(comment), [fence(signature)])];
}

/** What a comment says, with the signature behind its text. */
function documented({ text, parameters, throws, examples }: Docstring, signature: string[]): string[] {
  const list = [
    ...parameters.map(({ name, text }) => `* \`${name}\`: ${text.replaceAll("\n", "\n  ")}`),
    ...throws.map((text) => `* Throws ${text.replaceAll("\n", "\n  ")}`),
  ];
  return [text, ...signature, list.join("\n"), ...examples.map(fence)];
}

function docstringOf(text: string): Docstring {
  return readDocstring(declarationParts(text).comment);
}

function fence(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``;
}

function sorted(declarations: PublicDeclaration[]): PublicDeclaration[] {
  return declarations.toSorted((one, other) => (one.as < other.as ? -1 : 1));
}

/** Headings that differ in case alone are numbered. */
function anchorOf(name: string, before: PublicDeclaration[]): string {
  const anchor = name.toLowerCase();
  const alike = before.filter(({ as }) => as.toLowerCase() === anchor).length;
  return alike === 0 ? anchor : `${anchor}-${alike}`;
}

function inCell(text: string): string {
  return text.replaceAll("|", "\\|");
}
