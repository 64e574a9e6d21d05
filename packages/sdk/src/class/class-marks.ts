import { AppError } from "@dorian/base/app-error";
import type { Batching } from "../batch/batch.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { checkWebMark, type WebMark } from "../web/web-options.ts";

/** What a method of an app class is for. */
export type MarkKind = "build" | "enter" | "exit" | "method" | "web";

/** How a `@build` method runs. */
export interface BuildOptions {
  /** Run it at each deployment, whether it changed or not. Default: false. */
  forceBuild?: boolean;
  /** Longest time in seconds that it may take; 1 to 86,400, which is the default: downloads of weights take long. */
  timeout?: number;
}

/** When an `@enter` method runs. */
export interface EnterOptions {
  /**
   * Before the snapshot of a class with `enableMemorySnapshot`: containers that are brought back from it do not run it again. Default
   * false: in each container, after it was brought back.
   */
  snap?: boolean;
}

/** What a method is marked as; the options are those of a build method. */
export interface Mark extends BuildOptions {
  kind: MarkKind;
  name: string;
  /** Of a method that gets inputs in batches. */
  batching?: Batching;
  /** Of a method that runs by itself. */
  schedule?: Schedule;
  /** Of an enter method that runs before the snapshot of a container's memory, and not in those that are brought back from it. */
  snap?: boolean;
  /** Of a method that serves the web. */
  web?: WebMark;
}

/** How many inputs a container works on at the same time. */
export interface Concurrency {
  /** At most: 1 to 1000. */
  maxInputs: number;
  /** What the autoscaler plans with: more come only while inputs wait. Default `maxInputs`. */
  targetInputs?: number;
}

/** A bigint travels as a number does, as an integer of 64 bits, and arrives as a bigint however small it is. */
export type ParameterType = "string" | "number" | "bigint" | "boolean" | "bytes";

export interface ParameterMark {
  name: string;
  /** Absent: found from the default. */
  type?: ParameterType;
}

/** Marks of a class, those of its base classes first, each in the order of definition. */
export interface ClassMarks {
  marks: Mark[];
  parameters: ParameterMark[];
  concurrency?: Concurrency;
  /** Set when an app has taken the class: what is marked after that comes too late. */
  registered?: boolean;
}

const key = Symbol.for("dorian.classMarks");
// Node does not have it yet. Compilers that lower decorators use this one, TypeScript's own only if it is there.
const metadataKey: symbol = (Symbol as { metadata?: symbol }).metadata ?? Symbol.for("Symbol.metadata");
if (!("metadata" in Symbol)) Object.defineProperty(Symbol, "metadata", { value: metadataKey });

type Metadata = Record<PropertyKey, unknown>;

/** The marks that belong to one class alone, made at the first use. */
export function ownMarks(metadata: Metadata): ClassMarks {
  if (!Object.hasOwn(metadata, key)) metadata[key] = { marks: [], parameters: [] } satisfies ClassMarks;
  return metadata[key] as ClassMarks;
}

/** All marks of a class. */
export function marksOf(target: abstract new () => unknown): ClassMarks {
  return marksIn((target as unknown as Metadata)[metadataKey] as Metadata | null | undefined);
}

/** All marks of the class whose metadata it is. */
export function marksIn(metadata: Metadata | null | undefined): ClassMarks {
  const chain: ClassMarks[] = [];
  for (let each = metadata; each; each = Object.getPrototypeOf(each) as Metadata | null)
    if (Object.hasOwn(each, key)) chain.unshift(each[key] as ClassMarks);
  const concurrency = chain.findLast((own) => own.concurrency)?.concurrency;
  return {
    marks: together(chain.flatMap((own) => own.marks)),
    parameters: chain.flatMap((own) => own.parameters),
    ...(concurrency ? { concurrency } : {}),
  };
}

/** A method that is marked again, by a second decorator or in a subclass, is one, in the place of the first. */
function together(marks: readonly Mark[]): Mark[] {
  const merged: Mark[] = [];
  for (const mark of marks) {
    const first = merged.find((other) => isSame(mark, other));
    if (first) Object.assign(first, mark);
    else merged.push({ ...mark });
  }
  return merged;
}

function isSame(a: Mark, b: Mark): boolean {
  return a.kind === b.kind && a.name === b.name;
}

/** Gives a class marks without decorators. */
export function setMarks(target: abstract new () => unknown, marks: ClassMarks): void {
  const inherited = (Object.getPrototypeOf(target) as Metadata | null)?.[metadataKey] as Metadata | undefined;
  const metadata = Object.create(inherited ?? null) as Metadata;
  Object.assign(ownMarks(metadata), marks);
  Object.defineProperty(target, metadataKey, { value: metadata, configurable: true });
}

const allowed = new Set(["build", "enter", "exit", "method", "web", "build+enter"]);

/**
 * Checks that no method carries marks that exclude each other.
 *
 * @throws AppError DECORATORS_EXCLUDE_EACH_OTHER, and OPTION_INVALID or OPTION_UNKNOWN for those of the web
 */
export function checkMarks(className: string, { marks }: ClassMarks): void {
  for (const { name, web } of marks) if (web) checkWebMark(`${className}.${name}`, web);
  const kindsOf = new Map<string, Set<MarkKind>>();
  for (const mark of marks) kindsOf.set(mark.name, (kindsOf.get(mark.name) ?? new Set()).add(mark.kind));
  for (const [name, kinds] of kindsOf) {
    const combination = [...kinds].toSorted().join("+");
    if (allowed.has(combination)) continue;
    const [first = "", second = ""] = kinds.has("method")
      ? [[...kinds].find((kind) => kind !== "method") ?? "", "method"]
      : [...kinds];
    throw new AppError(
      "DECORATORS_EXCLUDE_EACH_OTHER",
      `Cannot use @${first} decorator with @${second}: ${className}.${name} has both.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Only @build and @enter may stand on one method together. Make two methods of it.",
      },
    );
  }
}
