import { posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { parseIgnorePattern } from "./ignore-pattern.ts";

interface Rule {
  bringsBack: boolean;
  takes: RegExp;
  /** Takes what may go on to something that the pattern takes. */
  leadsOn: RegExp;
}

/** The rule that decides about a path, counted from 0; -1 when none does. */
export type Verdict = number;

/**
 * What is left out of a directory, by the rules of `.dockerignore` files: patterns count from the directory, what is below an ignored
 * directory goes with it, `!` brings back, and the last rule that speaks of a path or of a directory above it decides.
 */
export class IgnorePatterns {
  static readonly none = new IgnorePatterns([]);
  /** What decides where no rule has spoken. */
  static readonly undecided: Verdict = -1;
  #rules: Rule[];

  /** @throws AppError IMAGE_IGNORE_INVALID */
  constructor(patterns: readonly string[]) {
    if (!Array.isArray(patterns) || patterns.some((pattern) => typeof pattern !== "string"))
      throw invalid(patterns, "is not a list of texts");
    this.#rules = patterns.flatMap(ruleOf);
  }

  /** @param above what decided about the directory that the path is in */
  judge(path: string, above: Verdict): Verdict {
    for (let index = this.#rules.length - 1; index > above; index--) {
      if (this.#rules[index]?.takes.test(path)) return index;
    }
    return above;
  }

  ignores(verdict: Verdict): boolean {
    return this.#rules[verdict]?.bringsBack === false;
  }

  /** Whether a later rule may bring back something that is in an ignored directory. */
  mayBringBackFrom(directory: string, verdict: Verdict): boolean {
    return this.#rules
      .slice(verdict + 1)
      .some((rule) => rule.bringsBack && rule.leadsOn.test(`${directory}/`));
  }
}

function ruleOf(line: string): Rule[] {
  const text = line.replace(/^\uFEFF/, "").trim();
  const bringsBack = text.startsWith("!");
  const written = (bringsBack ? text.slice(1) : text).trim();
  if (text === "") return [];
  if (written === "") throw invalid(line, "says nothing to bring back");
  const pattern = posix
    .normalize(written)
    .replace(/(?<=.)\/$/, "")
    .replace(/^\/(?=.)/, "");
  const parsed = parseIgnorePattern(pattern);
  if (!parsed) throw invalid(line, "is not well-formed");
  return [{ bringsBack, ...parsed }];
}

function invalid(given: unknown, problem: string): AppError {
  return new AppError("IMAGE_IGNORE_INVALID", `What to ignore, ${JSON.stringify(given)}, ${problem}.`, {
    status: "INVALID_ARGUMENT",
    remedy:
      'Give a list of patterns as in a .dockerignore file: ["**/*.pem", "node_modules", "!keep.txt"]; a bracket begins a class such as [a-z], and \\ goes before a character that means itself.',
  });
}
