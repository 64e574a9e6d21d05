import { posix } from "node:path";
import type { Instruction } from "./dockerfile/instruction.ts";

/** What a COPY or ADD is about, its variables replaced. */
export interface CopyPlan {
  sources: string[];
  /** Those of them that are fetched. */
  addresses: string[];
  target: string;
  /** Name of a stage or an image; undefined for the context. */
  from: string | undefined;
  /** All of one tree becomes all of another, as it is. */
  isWhole: boolean;
}

export function copyPlan(
  instruction: Extract<Instruction, { kind: "copy" }>,
  words: { expand: (text: string) => string; expandPlace: (text: string) => string },
): CopyPlan {
  const { options } = instruction;
  const sources = instruction.sources.map((source) => words.expandPlace(source));
  const target = words.expandPlace(instruction.target);
  const isOfRoots =
    sources.length === 1 && posix.join("/", sources[0] ?? "", "/") === "/" && posix.join(target, "/") === "/";
  return {
    sources,
    addresses: sources.filter((source) => /^https?:/.test(source)),
    target,
    from: options.from === undefined ? undefined : words.expand(options.from),
    isWhole: isOfRoots && options.chown === undefined && options.chmod === undefined,
  };
}
