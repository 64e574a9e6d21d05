import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { methodAliases, methodsByCall } from "./judgements.ts";
import type { Surface } from "./surface.ts";

export interface Shown {
  file: string;
  /** Empty: what the file's tests prepare. */
  test: string;
}

/** Names of the clients' surface, each with a test that exercises it. */
export type Evidence = Record<"calls" | "methods" | "commands" | "javascript", Record<string, Shown>>;

export const evidenceFile = join(import.meta.dirname, "evidence.json");

export function readEvidence(): Evidence {
  if (!existsSync(evidenceFile)) return { calls: {}, methods: {}, commands: {}, javascript: {} };
  return JSON.parse(readFileSync(evidenceFile, "utf8")) as Evidence;
}

/** One test's stretch of time, in milliseconds since 1970. */
export interface Span {
  test: string;
  from: number;
  to: number;
  passed: boolean;
}

interface Note {
  at: number;
  kind: "call" | "method" | "command" | "javascript";
  name: string;
}

/** Adds what the tests of one file have shown, in place of what an earlier run of the file had. */
export function addRun(
  evidence: Evidence,
  surface: Surface,
  run: { file: string; directory: string; spans: readonly Span[] },
): void {
  const { file, directory, spans } = run;
  for (const known of Object.values(evidence))
    for (const [name, shown] of Object.entries(known)) if (shown.file === file) delete known[name];
  for (const note of ["calls", "methods", "commands", "javascripts"].flatMap((kind) =>
    notesIn(directory, kind),
  )) {
    const span = spans.find(({ from, to }) => from <= note.at && note.at <= to);
    if (span && !span.passed) continue;
    const shown = { file, test: span?.test ?? "" };
    for (const [kind, name] of namesOf(note, surface)) {
      const known = evidence[kind][name];
      // A test says more than what all the tests of a file prepare.
      if (!known || (known.test === "" && shown.test !== "")) evidence[kind][name] = shown;
    }
  }
}

function notesIn(directory: string, kind: string): Note[] {
  const path = join(directory, `${kind}.jsonl`);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Note);
}

function namesOf(note: Note, surface: Surface): [keyof Evidence, string][] {
  if (note.kind === "call") {
    const methods = Object.entries(methodsByCall).filter(([, call]) => call === note.name);
    return [
      ["calls", note.name],
      ...methods.map(([method]): [keyof Evidence, string] => ["methods", method]),
    ];
  }
  if (note.kind === "javascript") return note.name in surface.javascript ? [["javascript", note.name]] : [];
  if (note.kind === "command") {
    const words = note.name.split(" ");
    const ends = [3, 2, 1].map((count) => words.slice(0, count).join(" "));
    const command = ends.find((name) => name in surface.commands);
    return command === undefined ? [] : [["commands", command]];
  }
  // `_Function.remote` carries out `Function.remote`, and making an object shows its class.
  const name = note.name
    .split(".")
    .map((part) => (part.startsWith("__") ? part : part.replace(/^_/, "")))
    .join(".")
    .replace(/\.__init__$/, "");
  const aliased = Object.entries(methodAliases).filter(([, others]) => others.includes(name));
  const names = [name, ...aliased.map(([method]) => method)].filter((each) => each in surface.methods);
  return names.map((each) => ["methods", each]);
}

/** What of the evidence refers to a test that is not there any more. */
export function staleEvidence(evidence: Evidence, root: string): string[] {
  const titles = new Map<string, RegExp[]>();
  const stale: string[] = [];
  for (const [kind, shown] of Object.entries(evidence)) {
    for (const [name, { file, test }] of Object.entries(shown)) {
      const known = titles.get(file) ?? titlesIn(join(root, file));
      titles.set(file, known);
      if (!known.some((title) => test === "" || title.test(test)))
        stale.push(`${kind} ${name}: ${file} > ${test}`);
    }
  }
  return stale;
}

/** The titles of a file's tests, with a wildcard for each value that is put in. */
function titlesIn(path: string): RegExp[] {
  if (!existsSync(path)) return [];
  const calls = readFileSync(path, "utf8").matchAll(
    /\btest(?:\.\w+(?:<[^(]*>)?\([^]*?\))?\(\s*(["`'])((?:\\.|(?!\1)[^])*)\1/g,
  );
  return [...calls].map(([, , title = ""]) => {
    const parts = title
      .split(/%[sdifjo]|\$\{[^}]*\}|\$\w+/)
      .map((part) => part.replaceAll("\\", "").replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`${parts.join(".*")}$`);
  });
}
