import { withoutComments } from "../public-declarations.ts";

/** A member of a class or an interface: a property, or a method with its overloads. */
export interface Member {
  name: string;
  comment: string;
  signature: string;
}

/** A declaration, as the compiler writes it, in its parts. */
export interface DeclarationParts {
  kind: "class" | "interface" | "function" | "type" | "constant";
  comment: string;
  /** All of it without comments. */
  signature: string;
  /** Of a class or an interface. */
  members: Member[];
}

const kinds = {
  class: "class",
  interface: "interface",
  function: "function",
  type: "type",
  const: "constant",
} as const;

export function declarationParts(text: string): DeclarationParts {
  const comment = /^\/\*\*[^]*?\*\//.exec(text)?.[0] ?? "";
  const signature = withoutComments(text)
    .replace(/^export (declare )?/gm, "")
    .trim();
  const word = /^(?:abstract )?(class|interface|function|type|const)\b/.exec(signature)?.[1] ?? "type";
  const kind = kinds[word as keyof typeof kinds];
  const hasMembers = kind === "class" || kind === "interface";
  return { kind, comment, signature, members: hasMembers ? membersOf(text.slice(comment.length)) : [] };
}

/** Members stand one step in, each behind its comment, and end in a semicolon outside of all brackets. */
function membersOf(text: string): Member[] {
  const lines = text.slice(text.indexOf("{\n") + 2).split("\n");
  const members: Member[] = [];
  let [comment, signature, isComment] = ["", "", false];
  for (const line of lines) {
    if (signature === "" && /^ {4}\/\*\*/.test(line)) [comment, isComment] = ["", true];
    if (isComment) {
      comment += `${line}\n`;
      isComment = !line.includes("*/");
      continue;
    }
    if (signature === "" && !/^ {4}\S/.test(line)) continue;
    signature += `${signature === "" ? "" : "\n"}${line.slice(4)}`;
    if (!isWhole(signature)) continue;
    const plain = withoutComments(signature);
    const name = nameOf(plain);
    const overloaded = members.find((member) => member.name === name);
    if (overloaded && overloaded.comment === "") overloaded.comment = comment;
    if (overloaded) overloaded.signature += `\n${plain}`;
    else if (name !== "") members.push({ name, comment, signature: plain });
    [comment, signature] = ["", ""];
  }
  return members;
}

function isWhole(signature: string): boolean {
  const open = signature.match(/[([{]/g)?.length ?? 0;
  return signature.endsWith(";") && open === (signature.match(/[)\]}]/g)?.length ?? 0);
}

/** "" for what users cannot name. */
function nameOf(signature: string): string {
  if (/^(#|private )/.test(signature)) return "";
  const plain = signature.replace(/^((static|readonly|abstract|override|get|set) )*/, "");
  return /^(\[[^\]]*\]|"[^"]*"|\w+)/.exec(plain)?.[0] ?? "call";
}
