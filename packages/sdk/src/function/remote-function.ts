import { transport } from "../client/current-transport.ts";
import { checkName } from "../name-rules.ts";
import { Function_FunctionType } from "@dorian/protocol/modal";
import type { AnyFunction } from "../any-function.ts";
import { callable, type Callable, type CallableTarget } from "./callable.ts";
import { AppError } from "@dorian/base/app-error";
import { webUrl } from "../web/web-url.ts";

/** A function of which only the name is known. */
export type UntypedFunction = (...args: unknown[]) => unknown;

/** The function behind a type: that of a handle, or the type itself. */
export type FunctionOf<T> =
  T extends RemoteFunction<infer F> ? F : T extends AnyFunction ? T : UntypedFunction;

/**
 * A function that runs in containers.
 *
 * @example
 * const train = Function.fromName<(modelId: string) => Promise<number>>("quickstart", "train");
 * const loss = await train.remote("iris-b");
 */
export class RemoteFunction<F extends AnyFunction = AnyFunction> implements Callable<F> {
  #target: CallableTarget & { local?: F };
  #callable: Callable<F>;

  /** @internal */
  constructor(target: CallableTarget & { local?: F }) {
    this.#target = target;
    this.#callable = callable<F>(target);
  }

  /**
   * A function of a deployed app, looked up at its first call. Its type is that of the function, or of the handle that
   * `app.function` made of it.
   */
  static fromName<T = UntypedFunction>(appName: string, name: string): RemoteFunction<FunctionOf<T>> {
    checkName("an app", appName);
    checkName("a function", name);
    const found = lookUpOnce(appName, name);
    return new RemoteFunction<FunctionOf<T>>({
      name,
      resolve: async () => {
        const { functionId, handleMetadata } = await found();
        return { functionId, methodName: "", inputFormats: handleMetadata?.supportedInputFormats ?? [] };
      },
      isGenerator: async () =>
        (await found()).handleMetadata?.functionType === Function_FunctionType.GENERATOR,
    });
  }

  /** {@inheritDoc Callable.remote} */
  remote(...args: Parameters<F>): ReturnType<Callable<F>["remote"]> {
    return this.#callable.remote(...args);
  }

  /** {@inheritDoc Callable.spawn} */
  spawn(...args: Parameters<F>): ReturnType<Callable<F>["spawn"]> {
    return this.#callable.spawn(...args);
  }

  /** {@inheritDoc Callable.map} */
  map(...args: Parameters<Callable<F>["map"]>): ReturnType<Callable<F>["map"]> {
    return this.#callable.map(...args);
  }

  /** {@inheritDoc Callable.starmap} */
  starmap(...args: Parameters<Callable<F>["starmap"]>): ReturnType<Callable<F>["starmap"]> {
    return this.#callable.starmap(...args);
  }

  /** {@inheritDoc Callable.forEach} */
  forEach(...args: Parameters<Callable<F>["forEach"]>): Promise<void> {
    return this.#callable.forEach(...args);
  }

  /** The address of a function that serves the web. @throws AppError FUNCTION_NOT_WEB, APP_NOT_RUNNING */
  async url(): Promise<string> {
    const { functionId } = await this.#target.resolve();
    return await webUrl(this.#target.name, functionId);
  }

  /** {@inheritDoc Callable.spawnMap} */
  spawnMap(...args: Parameters<Callable<F>["spawnMap"]>): ReturnType<Callable<F>["spawnMap"]> {
    return this.#callable.spawnMap(...args);
  }

  /** {@inheritDoc Callable.withSignal} */
  withSignal(signal: AbortSignal): Callable<F> {
    return this.#callable.withSignal(signal);
  }

  /** Runs it here, in this process. */
  local(...args: Parameters<F>): ReturnType<F> {
    if (this.#target.local) return this.#target.local(...args) as ReturnType<F>;
    throw new AppError(
      "FUNCTION_NOT_LOCAL",
      "The code of a function that was looked up by name is not here.",
      {
        remedy: "Use remote().",
      },
    );
  }
}

/** A look-up that is done once, and again after a failure. */
export function lookUpOnce(appName: string, objectTag: string) {
  const look = async () => (await transport()).modal.functionGet({ appName, objectTag });
  let found: ReturnType<typeof look> | undefined;
  return async () => {
    found ??= look();
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
}
