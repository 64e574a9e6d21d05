import { readFences, type Fence } from "../markdown/fences.ts";

/** A page of the guide: what of it is run, and what is only looked at. */
export interface GuidePage {
  /** File below `docs/guide`. */
  name: string;
  /** Of the project that the page is about: relative path to the blocks that make it, in order. */
  files: Map<string, Fence[]>;
  /** Pieces of TypeScript and Python that belong to no file. */
  fragments: Fence[];
  /** Run one after another, in the project's directory. */
  commands: Fence[];
  /** What the commands print, on either of their outputs. */
  printed: string[];
  /** What is wrong with the page itself. */
  faults: string[];
}

/** By these a block would pass unread. */
const otherNames: Record<string, string> = {
  bash: "sh",
  console: "sh",
  shell: "sh",
  zsh: "sh",
  python: "py",
  python3: "py",
  typescript: "ts",
  javascript: "ts",
  js: "ts",
};

export function readGuidePage(name: string, text: string): GuidePage {
  const page: GuidePage = { name, files: new Map(), fragments: [], commands: [], printed: [], faults: [] };
  for (const fence of readFences(text)) place(page, fence);
  return page;
}

function place(page: GuidePage, fence: Fence): void {
  const { language, info, line } = fence;
  const fault = (words: string) => page.faults.push(`docs/guide/${page.name}:${line - 1}: ${words}`);
  const [first = "", ...reason] = info.split(" ");
  if (/^shown:?$/.test(first)) {
    if (reason.length === 0) fault("say behind `shown` why the block is neither run nor checked.");
  } else if (isFileName(first)) {
    page.files.set(first, [...(page.files.get(first) ?? []), fence]);
  } else if (info !== "") {
    fault(`"${info}" is neither a file's name nor \`shown\` with a reason.`);
  } else if (otherNames[language] !== undefined) {
    fault(`write ${otherNames[language]} for ${language}, so that the block is read.`);
  } else if (language === "ts" || language === "py") {
    page.fragments.push(fence);
  } else if (language === "sh") {
    page.commands.push(fence);
  } else if (language === "text") {
    page.printed.push(fence.code);
  }
}

function isFileName(word: string): boolean {
  return /^[\w@-][\w@./-]*$/.test(word) && (word.includes(".") || word.endsWith("Dockerfile"));
}
