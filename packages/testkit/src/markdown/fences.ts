/** A fenced block of a Markdown page; one inside an HTML comment counts as well. */
export interface Fence {
  /** First word behind the fence, "" where there is none. */
  language: string;
  /** What follows it on that line. */
  info: string;
  code: string;
  /** Line of the page on which the code begins, from 1. */
  line: number;
}

export function readFences(page: string): Fence[] {
  const found = page.matchAll(/^```(\S*)[ \t]*(.*)\n([^]*?)^```[ \t]*$/gm);
  return [...found].map(({ 1: language = "", 2: info = "", 3: code = "", index }) => ({
    language,
    info: info.trim(),
    code,
    line: page.slice(0, index).split("\n").length + 1,
  }));
}

/** What a page has in fences of that language. */
export function fencesOf(page: string, language: string): string[] {
  return readFences(page).flatMap((fence) => (fence.language === language ? [fence.code] : []));
}
