import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import { checkName } from "../name-rules.ts";
import type { EnvironmentOption } from "../named/named-options.ts";
import { checkRange } from "../option/check-range.ts";
import { Function_FunctionType, type FunctionGetResponse } from "@dorian/protocol/modal";
import type { AnyFunction } from "../any-function.ts";
import { callable, type Callable, type CallableTarget } from "./callable.ts";
import {
  functionPool,
  type AutoscalerSettings,
  type FunctionPool,
  type FunctionStats,
} from "./function-pool.ts";
import { bindOnce } from "./variant.ts";
import { checkVariantOptions, type VariantOptions } from "./variant-options.ts";
import { AppError } from "@dorian/base/app-error";
import { requireAsDeployed, webUrl } from "../web/web-url.ts";

/** A function of which only the name is known. */
export type UntypedFunction = (...args: unknown[]) => unknown;

/** The function behind a type: that of a handle, or the type itself. */
export type FunctionOf<T> =
  T extends RemoteFunction<infer F> ? F : T extends AnyFunction ? T : UntypedFunction;

/** Which function, or class, of a name is meant. */
export interface LookupOptions extends EnvironmentOption {
  /**
   * Runs what this version of the app ran, whatever is deployed after it; versions are numbers from 1, which `dorian app history` lists.
   * Default: the newest, also when that changes.
   */
  version?: number;
}

/** Where a handle leads. */
interface FunctionTarget<F extends AnyFunction> extends CallableTarget {
  /** The code, where it is here. */
  local?: F;
  /** What it differs by from the newest version, as deployed. */
  made?: { options?: VariantOptions; version?: number | undefined };
}

/**
 * A function that runs in containers.
 *
 * @example
 * const train = Function.fromName<(modelId: string) => Promise<number>>("quickstart", "train");
 * const loss = await train.remote("iris-b");
 */
export class RemoteFunction<F extends AnyFunction = AnyFunction> implements Callable<F>, FunctionPool {
  #target: FunctionTarget<F>;
  #callable: Callable<F>;
  #pool: FunctionPool;

  /** @internal */
  constructor(target: FunctionTarget<F>) {
    this.#target = target;
    this.#callable = callable<F>(target);
    this.#pool = functionPool(`Function "${target.name}"`, async () => (await target.resolve()).functionId);
  }

  /**
   * A function of a deployed app, looked up at its first call. Its type is that of the function, or of the handle that
   * `app.function` made of it.
   *
   * @throws AppError NAME_INVALID; at its first call APP_VERSION_NOT_FOUND, APP_VERSION_FORGOTTEN
   */
  static fromName<T = UntypedFunction>(
    appName: string,
    name: string,
    options: LookupOptions = {},
  ): RemoteFunction<FunctionOf<T>> {
    checkName("an app", appName);
    checkName("a function", name);
    const found = lookUpOnce(appName, name, options);
    return new RemoteFunction<FunctionOf<T>>({
      name,
      made: { version: options.version },
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

  /** The address of a function that serves the web. @throws AppError FUNCTION_NOT_WEB, APP_NOT_RUNNING, WEB_ADDRESS_OF_ANOTHER */
  async url(): Promise<string> {
    requireAsDeployed(this.#target.name, this.#target.made ?? {});
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

  /** {@inheritDoc FunctionPool.updateAutoscaler} */
  updateAutoscaler(settings: AutoscalerSettings): Promise<AutoscalerSettings> {
    return this.#pool.updateAutoscaler(settings);
  }

  /** {@inheritDoc FunctionPool.getCurrentStats} */
  getCurrentStats(): Promise<FunctionStats> {
    return this.#pool.getCurrentStats();
  }

  /**
   * The same function with other options, in containers of its own. Secrets (and with them `env`) and volumes stand in the place of
   * those it was deployed with, all else changes what it names. Keep the handle: making it asks the server.
   *
   * @throws AppError OPTION_NOT_CHANGEABLE, OPTION_INVALID
   * @example
   * const large = Function.fromName<(modelId: string) => Promise<number>>("quickstart", "train").withOptions({ memory: 256, timeout: 600 });
   * const larger = await large.remote("iris-b");
   */
  withOptions(options: VariantOptions): RemoteFunction<F> {
    checkVariantOptions(`Function "${this.#target.name}"`, options);
    const base = this.#target;
    const functionId = bindOnce(async () => (await base.resolve()).functionId, { options });
    return new RemoteFunction<F>({
      ...base,
      made: { ...base.made, options: { ...base.made?.options, ...options } },
      resolve: async () => ({ ...(await base.resolve()), functionId: await functionId() }),
    });
  }

  /** Runs it here, in this process. @throws AppError FUNCTION_NOT_LOCAL when it was looked up by name */
  local(...args: Parameters<F>): ReturnType<F> {
    if (this.#target.local) return this.#target.local(...args) as ReturnType<F>;
    throw codeNotHere("function");
  }
}

/** Why something that was looked up by name cannot run in this process. */
export function codeNotHere(what: string): AppError {
  return new AppError("FUNCTION_NOT_LOCAL", `The code of a ${what} that was looked up by name is not here.`, {
    remedy: "Use remote().",
  });
}

/** A look-up that is done once for each server, and again after a failure. */
export function lookUpOnce(appName: string, objectTag: string, options: LookupOptions = {}) {
  const { version: appVersion = 0, environment: environmentName = "" } = options;
  checkRange(`The look-up of "${objectTag}"`, "version", options.version, {
    low: 1,
    high: 2 ** 31 - 1,
    whole: true,
  });
  const found = new WeakMap<Transport, Promise<FunctionGetResponse>>();
  return async () => {
    const wire = await transport();
    const known = found.get(wire);
    if (known) return await known;
    const looked = wire.modal.functionGet({ appName, objectTag, appVersion, environmentName });
    found.set(wire, looked);
    try {
      return await looked;
    } catch (error) {
      found.delete(wire);
      throw error;
    }
  };
}
