import { AppError } from "@dorian/base/app-error";
import { ownMarks, type Concurrency } from "./class-marks.ts";
import { checkContext, refuseBare } from "./decorators.ts";

/** Marks a class. */
export type ConcurrentDecorator = <C extends abstract new (...args: never[]) => object>(
  target: C,
  context?: ClassDecoratorContext<C>,
) => void;

/**
 * Containers of the class work on several inputs at the same time. It stands below `@app.cls()`. Without decorators, and for
 * functions, these are the options `maxConcurrentInputs` and `targetConcurrentInputs`.
 *
 * @throws AppError DECORATOR_MISPLACED above `@app.cls()`; OPTION_INVALID when its app takes the class
 * @example
 * @app.cls()
 * @concurrent({ maxInputs: 100, targetInputs: 80 })
 * class Fetcher {
 *   @method() async get(url: string) {
 *     return (await fetch(url)).status;
 *   }
 * }
 */
export function concurrent(concurrency: Concurrency): ConcurrentDecorator {
  refuseBare("concurrent", arguments);
  return (_target, context) => {
    checkContext("concurrent", "class", context);
    const marks = ownMarks((context as ClassDecoratorContext).metadata);
    if (marks.registered) {
      throw new AppError("DECORATOR_MISPLACED", "@concurrent() stands above @app.cls().", {
        status: "INVALID_ARGUMENT",
        remedy: "Put it below: decorators work from the class upwards.",
      });
    }
    marks.concurrency = concurrency;
  };
}

/** What `@concurrent` asks for, in the words of the options. */
export function concurrencyOptions({ maxInputs, targetInputs }: Concurrency): {
  maxConcurrentInputs: number;
  targetConcurrentInputs?: number;
} {
  const target = targetInputs === undefined ? {} : { targetConcurrentInputs: targetInputs };
  return { maxConcurrentInputs: maxInputs, ...target };
}
