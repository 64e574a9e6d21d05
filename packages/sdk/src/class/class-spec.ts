import { AppError } from "@dorian/base/app-error";
import type { AnyFunction } from "../any-function.ts";
import type { Batching, TakesBatch } from "../batch/batch.ts";
import { checkTimeout } from "../image/run-function-options.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { WebAddressOptions, WebOptions } from "../web/web-options.ts";
import type { TakesWebPort } from "../web/web-port.ts";
import type { BuildOptions, ClassMarks, EnterOptions, Mark, MarkKind, ParameterType } from "./class-marks.ts";
import type { ClassParameters } from "./instance.ts";

/** Names of the methods of a class. */
export type MethodNames<T> = { [K in keyof T & string]: T[K] extends AnyFunction ? K : never }[keyof T &
  string];

/** Names of the methods of a class whose parameters are a `Batch` each. */
export type BatchedNames<T> = {
  [K in MethodNames<T>]: T[K] extends AnyFunction ? (TakesBatch<T[K]> extends true ? K : never) : never;
}[MethodNames<T>];

/** Names of methods that take a `WebPort`. */
export type WebServerNames<T> = {
  [K in MethodNames<T>]: T[K] extends AnyFunction ? (TakesWebPort<T[K]> extends true ? K : never) : never;
}[MethodNames<T>];

/** Names of the methods of a class that need no arguments. */
export type UnaskedNames<T> = {
  [K in MethodNames<T>]: T[K] extends () => unknown ? K : never;
}[MethodNames<T>];

/** What the members of a class are for, in the form without decorators. Hooks run in the order they have here. */
export interface ClassSpec<T> {
  /** As `@build()`, with options where there are any: `{ download: { timeout: 600 } }`; default: none. */
  build?: MethodNames<T>[] | { [K in MethodNames<T>]?: BuildOptions };
  /** As `@enter()`, with options where there are any: `{ load: { snap: true }, connect: {} }`; default: none. */
  enter?: MethodNames<T>[] | { [K in MethodNames<T>]?: EnterOptions };
  /** As `@exit()`; default: none. */
  exit?: MethodNames<T>[];
  /** What can be called, as with `@method()`; default: none. */
  methods?: MethodNames<T>[];
  /** Methods that get inputs in batches, as with `@batched()`; default: none. */
  batched?: { [K in BatchedNames<T>]?: Batching };
  /** Methods that run by themselves, as with `@schedule()`; default: none. */
  schedules?: { [K in UnaskedNames<T>]?: Schedule };
  /** Methods that answer requests, as with `@web()`, and their options. Default: none. */
  web?: { [K in MethodNames<T>]?: WebOptions };
  /** Methods that start a server on the port that they are given, as with `@webServer()`: the port and further options. Default: none. */
  webServers?: { [K in WebServerNames<T>]?: WebAddressOptions & { port: number } };
  /** Fields that are parameters; with a type where there is no default value to tell it. Default: none. */
  parameters?:
    | (keyof ClassParameters<T> & string)[]
    | { [K in keyof ClassParameters<T> & string]?: { type?: ParameterType } };
}

/** The same for any class, as it is read. */
interface NamedMembers {
  build?: string[] | Record<string, BuildOptions>;
  web?: Record<string, WebOptions>;
  webServers?: Record<string, WebAddressOptions & { port: number }>;
  enter?: string[] | Record<string, EnterOptions>;
  exit?: string[];
  methods?: string[];
  batched?: Record<string, Batching>;
  schedules?: Record<string, Schedule>;
  parameters?: string[] | Record<string, { type?: ParameterType }>;
}

/**
 * The marks that a class without decorators is given.
 *
 * @throws AppError CLASS_SPEC_INVALID, and OPTION_INVALID for the time limit of a build method
 */
export function marksFromSpec(target: new () => object, given: object): ClassMarks {
  const spec = given as NamedMembers;
  const named = (kind: MarkKind, names: string[] = []) =>
    names.map((name) => {
      if (typeof (target.prototype as Record<string, unknown>)[name] === "function") return { kind, name };
      throw new AppError("CLASS_SPEC_INVALID", `Class ${target.name} has no method "${name}".`, {
        status: "INVALID_ARGUMENT",
        remedy: "Name methods that the class defines.",
      });
    });
  const marked = <O>(kind: MarkKind, members: Record<string, O> = {}, more: (options: O) => Partial<Mark>) =>
    Object.entries(members).flatMap(([name, options]) =>
      named(kind, [name]).map((each) => ({ ...each, ...more(options) })),
    );
  const parameters = Array.isArray(spec.parameters)
    ? spec.parameters.map((name) => ({ name }))
    : Object.entries(spec.parameters ?? {}).map(([name, options]) => ({ name, ...options }));
  return {
    marks: [
      ...buildMarks(named, spec.build),
      ...marked("enter", byName(spec.enter), (options: EnterOptions) => options),
      ...named("method", spec.methods),
      ...marked("method", spec.batched, (batching) => ({ batching })),
      ...marked("method", spec.schedules, (schedule) => ({ schedule })),
      ...named("exit", spec.exit),
      ...marked("web", spec.web, (options) => ({ web: { kind: "handler", ...options } })),
      ...marked("web", spec.webServers, (options) => ({ web: { kind: "server", ...options } })),
    ],
    parameters,
  };
}

function byName<O extends object>(members: string[] | Record<string, O> = {}): Record<string, O> {
  return Array.isArray(members) ? Object.fromEntries(members.map((name) => [name, {} as O])) : members;
}

function buildMarks(
  named: (kind: MarkKind, names: string[]) => { kind: MarkKind; name: string }[],
  build: NamedMembers["build"] = {},
): Mark[] {
  const options = byName(build);
  return named("build", Object.keys(options)).map((mark) => {
    checkTimeout(`The build method ${mark.name}`, options[mark.name]?.timeout);
    return { ...mark, ...options[mark.name] };
  });
}
