import type { Function_FunctionType } from "@dorian/protocol/modal";
import type { AnswerRequest } from "@dorian/sdk/web/web-program";

export type Callable = (...args: unknown[]) => unknown;

/** What a container runs: the user's function, or an instance of the user's class. */
export interface Program {
  /** The function (name "") or the method of that name. */
  callable(methodName: string): Callable;
  functionType(methodName: string): Function_FunctionType;
  /** What answers requests, where the function or method of that name serves the web. */
  webAnswer?(methodName: string): AnswerRequest | undefined;
  /** Whether any of it serves the web. */
  servesWeb?: boolean;
  /** Before a snapshot of the container's memory, in the order they run in. */
  snapHooks: readonly (() => unknown)[];
  /** In the order they run in. */
  enterHooks: readonly (() => unknown)[];
  exitHooks: readonly (() => unknown)[];
}
