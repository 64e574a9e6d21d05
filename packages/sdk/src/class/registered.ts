import type { AnyFunction } from "../any-function.ts";
import type { FunctionOptions } from "../function/function-options.ts";
import type { Batching } from "../batch/batch.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { ClassMarks } from "./class-marks.ts";
import type { WebMark } from "../web/web-options.ts";

/** A function of an app, as its definition says. */
export interface RegisteredFunction {
  kind: "function";
  tag: string;
  run: AnyFunction;
  options: FunctionOptions;
  isGenerator: boolean;
  batching?: Batching;
  schedule?: Schedule;
  /** How it serves the web, if it does. */
  web?: WebMark;
}

/** A class of an app. */
export interface RegisteredClass {
  kind: "class";
  tag: string;
  target: new () => object;
  options: FunctionOptions;
  marks: ClassMarks;
}

export type Registered = RegisteredFunction | RegisteredClass;

/** True for functions that yield. */
export function isGeneratorFunction(run: unknown): boolean {
  const name = typeof run === "function" ? run.constructor.name : "";
  return name === "AsyncGeneratorFunction" || name === "GeneratorFunction";
}
