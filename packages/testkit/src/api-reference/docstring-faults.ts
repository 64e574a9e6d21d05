import type { PublicDeclaration } from "../public-declarations.ts";
import { declarationParts, type Member } from "./declaration-parts.ts";
import { readDocstring } from "./docstring.ts";

/** What a comment of an optional member says somewhere: what holds without it. */
const saysDefault = /\bdefault|\bunless\b|\bwithout\b|\babsent\b|\botherwise\b|\bundefined\b/i;

/** What a number counts or measures. */
const saysUnit =
  /seconds?\b|milliseconds?\b|\b(?:years|months|weeks|days|hours|minutes)\b|\bbytes?\b|\bMiB\b|\bcores?\b|\bhow (?:many|often|long)\b|\bcontainers?\b|\binputs?\b|\bfiles?\b|\bitems?\b|\bcalls?\b|\btimes\b|\bfactor\b|\bport\b|\bstatus\b|\bat most\b|\bnumber\b|\bindex\b|\bversion\b/i;

/** What documentation comments of public names lack, one sentence for each fault. `codes` are those of the errors that there are. */
export function docstringFaults(declarations: PublicDeclaration[], codes: ReadonlySet<string>): string[] {
  const shown = shownByExamples(declarations);
  return declarations.flatMap((declaration) => {
    const { as, text } = declaration;
    const { kind, comment, members } = declarationParts(text);
    return [
      ...(comment === "" ? [`${as} has no comment.`] : []),
      ...(shown.has(declaration.name)
        ? []
        : [`${as} has no @example, nor has anything whose signature names it.`]),
      ...(kind !== "function" || comment.includes("@example") ? [] : [`${as}() has no @example of its own.`]),
      ...members.flatMap((member) => memberFaults(as, member)),
      ...[...text.matchAll(/\* @throws ([^@]*?)(?=\n \* *\n|\*\/|@)/g)].flatMap(([, said = ""]) =>
        (said.match(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g) ?? [])
          .filter((code) => !codes.has(code))
          .map((code) => `${as} names the error ${code}, which does not exist.`),
      ),
    ];
  });
}

function memberFaults(owner: string, { name, comment, signature }: Member): string[] {
  const { text, parameters } = readDocstring(comment);
  const at = `${owner}.${name}`;
  if (comment === "") return [`${at} has no comment.`];
  const [head = ""] = signature.split(/[({]/);
  const said = [text, ...parameters.map((parameter) => parameter.text)].join(" ");
  return [
    ...(/\?:/.test(head) && !saysDefault.test(said) ? [`${at} does not say what holds without it.`] : []),
    ...(/: number\b/.test(head) && !saysUnit.test(said) ? [`${at} does not say its unit.`] : []),
  ];
}

/** Names that have an example, that the signature of one names that is shown, or types that name one. */
function shownByExamples(declarations: PublicDeclaration[]): ReadonlySet<string> {
  const signatures = new Map(declarations.map(({ name, text }) => [name, declarationParts(text).signature]));
  const names = (signature: string | undefined, name: string) =>
    signature !== undefined && new RegExp(`\\b${name}\\b`).test(signature);
  const shown = new Set(declarations.filter(({ text }) => text.includes("@example")).map(({ name }) => name));
  // A set yields also what is added while it is gone through.
  for (const name of shown)
    for (const [other, signature] of signatures)
      if (names(signatures.get(name), other) || (signature.startsWith("type ") && names(signature, name)))
        shown.add(other);
  return shown;
}
