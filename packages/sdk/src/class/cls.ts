import { lookUpOnce, type LookupOptions } from "../function/remote-function.ts";
import { checkVariantOptions, type VariantOptions } from "../function/variant-options.ts";
import { checkName } from "../name-rules.ts";
import type { ClassParameters, Instance } from "./instance.ts";
import { lookedUpInstance } from "./looked-up-instance.ts";

/** What a class makes: `Model` of `typeof Model`. */
export type InstanceOf<C> = C extends abstract new (...args: never[]) => infer T ? T : never;

/**
 * A class of an app: one that was looked up by name, for programs that do not have its code, or one with other options.
 *
 * @example
 * const Model = Cls.fromName<typeof import("./app.ts").Model>("quickstart", "Model");
 * const label = await Model.instance({ modelId: "iris-b" }).inference.remote([5.1, 3.5, 1.4, 0.2]);
 */
export class Cls<C> {
  /** The name it has in its app. */
  readonly name: string;
  #make: (parameters: Record<string, unknown>, options: VariantOptions) => object;
  #options: VariantOptions;

  /** @internal */
  constructor(
    name: string,
    make: (parameters: Record<string, unknown>, options: VariantOptions) => object,
    options: VariantOptions = {},
  ) {
    checkVariantOptions(`Class "${name}"`, options);
    this.name = name;
    this.#make = make;
    this.#options = options;
  }

  /**
   * The class of that name, looked up at its first call.
   *
   * @throws AppError NAME_INVALID; at its first call APP_VERSION_NOT_FOUND, APP_VERSION_FORGOTTEN
   */
  static fromName<C>(appName: string, name: string, options: LookupOptions = {}): Cls<C> {
    checkName("an app", appName);
    checkName("a class", name);
    const found = lookUpOnce(appName, `${name}.*`, options);
    const of = { appName, className: name, lookup: options, found };
    return new Cls<C>(name, (parameters, variant) => lookedUpInstance(of, parameters, variant));
  }

  /**
   * The same class with other options, whose instances have containers of their own. Secrets (and with them `env`) and volumes stand
   * in the place of those it was deployed with, all else changes what it names.
   *
   * @throws AppError OPTION_NOT_CHANGEABLE, OPTION_INVALID
   * @example
   * const Large = Cls.fromName<typeof import("./app.ts").Model>("quickstart", "Model").withOptions({ memory: 256, maxContainers: 2 });
   * const fromLarge = await Large.instance({ modelId: "iris-b" }).inference.remote([5.1, 3.5, 1.4, 0.2]);
   */
  withOptions(options: VariantOptions): Cls<C> {
    return new Cls<C>(this.name, this.#make, { ...this.#options, ...options });
  }

  /** A handle on the containers of one set of parameters. */
  instance(parameters: ClassParameters<InstanceOf<C>> = {}): Instance<InstanceOf<C>> {
    return this.#make(parameters, this.#options) as Instance<InstanceOf<C>>;
  }
}
