import { AppError } from "@dorian/base/app-error";
import type { AnyFunction } from "../any-function.ts";
import type { Batching, BatchedFunction, OneByOne } from "../batch/batch.ts";
import { checkBatching } from "../batch/check-batching.ts";
import { localBatch } from "../batch/local-batch.ts";
import { Cls } from "../class/cls.ts";
import { checkConstructor } from "../class/check-constructor.ts";
import { checkMethodMarks } from "../class/check-method-marks.ts";
import { checkMarks, marksIn, marksOf, ownMarks, setMarks, type ClassMarks } from "../class/class-marks.ts";
import { marksFromSpec, type ClassSpec } from "../class/class-spec.ts";
import { concurrencyOptions } from "../class/concurrent.ts";
import { instanceHandle, type ClassParameters, type Instance } from "../class/instance.ts";
import { checkFunctionOptions, type FunctionOptions } from "../function/function-options.ts";
import type { VariantOptions } from "../function/variant-options.ts";
import { RemoteFunction } from "../function/remote-function.ts";
import { forgetGuardedImports } from "../image/guarded-imports.ts";
import { forgetBuildFunctions } from "../image/build-functions.ts";
import type { CloudBucketMount } from "../bucket/cloud-bucket-mount.ts";
import type { Image } from "../image/image.ts";
import { checkName, checkTag } from "../name-rules.ts";
import { partedOptions } from "../option/parted-options.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { Secret } from "../secret/secret.ts";
import type { StandardSchema } from "../schema/standard-schema.ts";
import type { Volume } from "../volume/volume.ts";
import type { AnyWebHandler } from "../web/answer-request.ts";
import { WebFunction } from "../web/web-function.ts";
import {
  checkWebMark,
  webOptionNames,
  webServerOptionNames,
  type WebAddressOptions,
  type WebApp,
  type WebHandler,
  type WebMark,
  type WebOptions,
} from "../web/web-options.ts";
import { webProgram } from "../web/web-program.ts";
import { webUrl } from "../web/web-url.ts";
import { functionIdOf, type HydratedFunction } from "./hydration.ts";
import { isGeneratorFunction, type Registered, type RegisteredClass } from "../class/registered.ts";

/** What an app gives its functions and classes. */
export interface AppOptions {
  /** For functions and classes that name none. Default: `Image.debianSlim()`. */
  image?: Image;
  /** Added to those of every function and class; default: none. */
  secrets?: Secret[];
  /** By mount path, for every function and class; their own go first. Default: none. */
  volumes?: Record<string, Volume | CloudBucketMount>;
}

/** What a function says of itself alone, beside what it shares with classes. */
export interface OwnFunctionOptions extends FunctionOptions {
  /** Default: the name of its code. */
  name?: string;
  /** Runs it by itself, without arguments, for as long as the app is deployed. */
  schedule?: Schedule;
}

const apps: App[] = [];

/** Every app of the modules loaded so far, in the order they were made. */
export function registeredApps(): readonly App[] {
  return apps;
}

/** Forgets all apps: for a program that loads an app's module again. */
export function forgetApps(): void {
  apps.length = 0;
  forgetBuildFunctions();
  forgetGuardedImports();
}

/**
 * A named group of functions and classes.
 *
 * @example
 * const app = new App("quickstart", { image: Image.debianSlim() });
 * export const square = app.function({ name: "square" }, async (x: number) => x * x);
 * app.localEntrypoint(async () => console.log(await square.remote(3)));
 */
export class App {
  /** The name it is deployed and looked up by. */
  readonly name: string;
  /** What it was made with. */
  readonly options: AppOptions;
  #registered = new Map<string, Registered>();
  #included = new Set<App>();
  #entrypoint: AnyFunction | undefined;
  #hydrated = new Map<string, HydratedFunction>();

  /** @throws AppError NAME_INVALID */
  constructor(name: string, options: AppOptions = {}) {
    this.name = checkName("an app", name);
    this.options = options;
    apps.push(this);
  }

  /**
   * Adds a function. Without a `name` it has that of its code. With `batched` it runs on many inputs at once, which callers give
   * one by one: it gets a list for each parameter and returns a list with a result for each input, in their order. An `Error` in a
   * result's place fails that input alone.
   *
   * With a `schedule` it takes no arguments.
   *
   * @throws AppError FUNCTION_INVALID, NAME_TAKEN, NAME_INVALID, and OPTION_INVALID, OPTION_UNKNOWN, GENERATOR_BATCHED or
   *   SCHEDULED_BATCHED for its options
   */
  function<F extends BatchedFunction>(
    options: OwnFunctionOptions & { batched: Batching; schedule?: undefined },
    run: F,
  ): RemoteFunction<OneByOne<F>>;
  function<F extends () => unknown>(options: OwnFunctionOptions, run: F): RemoteFunction<F>;
  function<F extends AnyFunction>(
    options: OwnFunctionOptions & { schedule?: undefined },
    run: F,
  ): RemoteFunction<F>;
  function(options: OwnFunctionOptions & { batched?: Batching }, run: AnyFunction): RemoteFunction {
    if (typeof run !== "function") throw functionMissing(this.name);
    const { name, schedule, batched, ...rest } = options;
    const tag = checkTag("a function", name ?? run.name);
    const all = this.#withDefaults(rest);
    checkFunctionOptions(`Function "${tag}"`, all, ["name", "schedule", "batched"]);
    const isGenerator = isGeneratorFunction(run);
    checkBatching(`Function "${tag}"`, batched, { isGenerator, isScheduled: schedule !== undefined });
    const own = { ...(schedule ? { schedule } : {}), ...(batched ? { batching: batched } : {}) };
    this.#register({ kind: "function", tag, run, options: all, isGenerator, ...own });
    return new RemoteFunction({
      name: tag,
      local: batched ? (...args) => localBatch(run as never, args) : run,
      isGenerator: () => isGenerator,
      resolve: async () => ({ functionId: functionIdOf(this.name, tag, this.#hydrated), methodName: "" }),
    });
  }

  /**
   * Adds a function that answers requests at an address of its own. Without a `name` it has that of its code. One container
   * answers `maxConcurrentInputs` requests at the same time.
   *
   * @param handler answers a request; or anything with `fetch`, such as an app of Hono's, or what `nodeHandler` makes
   * @throws AppError FUNCTION_INVALID, NAME_TAKEN, NAME_INVALID, and OPTION_INVALID or OPTION_UNKNOWN for its options
   * @example
   * const app = new App("echo");
   * const echo = app.web({ name: "echo", method: "POST" }, async (request) => new Response(await request.text()));
   * const response = await echo.local(new Request("http://localhost/", { method: "POST", body: "hello" }));
   * console.log(await response.text());
   */
  web<
    Query extends StandardSchema | undefined = undefined,
    Body extends StandardSchema | undefined = undefined,
    Returned extends StandardSchema | undefined = undefined,
  >(
    options: FunctionOptions & WebOptions<Query, Body, Returned> & { name?: string },
    handler: WebHandler<Query, Body, Returned> | WebApp,
  ): WebFunction {
    const code = handler as AnyWebHandler | WebApp;
    const isCode = typeof code === "function" || typeof code?.fetch === "function";
    if (!isCode) throw functionMissing(this.name);
    const [web, rest] = partedOptions<WebOptions>(options, webOptionNames);
    return this.#addWeb(rest, { kind: "handler", ...web }, code);
  }

  /**
   * Adds a function that is a server of its own: `start` starts it, once in each container, and returns; requests go on to
   * its port. The container's start has failed when nothing listens there before `startupTimeout`.
   *
   * @param options.port on which the server listens, on loopback or on all addresses; `start` is given it
   * @throws AppError FUNCTION_INVALID, NAME_TAKEN, NAME_INVALID, and OPTION_INVALID or OPTION_UNKNOWN for its options
   * @example
   * const app = new App("files");
   * const files = app.webServer({ name: "files", port: 8000 }, (port) => {
   *   createServer((_, response) => response.end("a file")).listen(port);
   * });
   */
  webServer(
    options: FunctionOptions & WebAddressOptions & { port: number; name?: string },
    start: (port: number) => unknown,
  ): WebFunction {
    if (typeof start !== "function") throw functionMissing(this.name);
    const [web, rest] = partedOptions<WebAddressOptions & { port: number }>(options, webServerOptionNames);
    return this.#addWeb(rest, { kind: "server", ...web }, start as unknown as AnyWebHandler);
  }

  #addWeb(
    { name, ...options }: FunctionOptions & { name?: string },
    web: WebMark,
    code: AnyWebHandler | WebApp,
  ): WebFunction {
    const tag = checkTag("a function", name ?? (typeof code === "function" ? code.name : ""));
    const all = this.#withDefaults(options);
    checkFunctionOptions(`Function "${tag}"`, all, ["name"]);
    checkWebMark(`Function "${tag}"`, web);
    const run: AnyWebHandler = typeof code === "function" ? code : (request) => code.fetch(request);
    this.#register({ kind: "function", tag, run, options: all, isGenerator: false, web });
    const program = webProgram(tag, web, run);
    return new WebFunction({
      name: tag,
      url: async () => await webUrl(tag, functionIdOf(this.name, tag, this.#hydrated)),
      answer: async (request) => {
        await program.start({ signal: request.signal });
        return await program.answer(request);
      },
    });
  }

  /**
   * Adds a class: as a decorator, or with the class and what its members are for.
   *
   * @throws AppError NAME_TAKEN, CLASS_SPEC_INVALID, and OPTION_INVALID or OPTION_UNKNOWN for its options
   */
  cls(
    options?: FunctionOptions,
  ): <C extends abstract new () => object>(target: C, context?: ClassDecoratorContext<C>) => C;
  cls<C extends new () => object>(options: FunctionOptions, target: C, spec: ClassSpec<InstanceType<C>>): C;
  cls(options: FunctionOptions = {}, target?: new () => object, spec?: object): unknown {
    if (typeof options === "function") {
      throw new AppError("DECORATOR_WITHOUT_PARENTHESES", "@app.cls lacks its parentheses.", {
        status: "INVALID_ARGUMENT",
        remedy: "Write @app.cls().",
      });
    }
    if (target) {
      if (spec) setMarks(target, marksFromSpec(target, spec));
      this.#addClass(options, target, marksOf(target));
      return target;
    }
    return (decorated: new () => object, context?: ClassDecoratorContext) => {
      // The metadata lands on the class only after its decorators have run.
      const marks = context?.metadata ? marksIn(context.metadata) : marksOf(decorated);
      this.#addClass(options, decorated, marks, context?.name);
      if (context?.metadata) ownMarks(context.metadata).registered = true;
      return decorated;
    };
  }

  /** A handle on a class's containers for one set of parameters. @throws AppError CLASS_NOT_REGISTERED */
  instance<T extends object>(target: new () => T, parameters: ClassParameters<T> = {}): Instance<T> {
    return this.#instance(this.#requireClass(target), parameters) as Instance<T>;
  }

  /**
   * A class with other options than it is deployed with: its instances have containers of their own, which a call brings about. See
   * `withOptions` of `Cls`.
   *
   * @throws AppError CLASS_NOT_REGISTERED, OPTION_NOT_CHANGEABLE, OPTION_INVALID
   * @example
   * class Reader {
   *   async read(text: string) {
   *     return text.length;
   *   }
   * }
   * app.cls({}, Reader, { methods: ["read"] });
   * const LargeReader = app.withOptions(Reader, { memory: 512 }); // LargeReader.instance().read.remote("text")
   */
  withOptions<T extends object>(target: new () => T, options: VariantOptions): Cls<new () => T> {
    const registered = this.#requireClass(target);
    const make = (parameters: Record<string, unknown>, variant: VariantOptions) =>
      this.#instance(registered, parameters, variant);
    return new Cls(registered.tag, make, options);
  }

  /** What `dorian run` runs on your machine. @throws AppError ENTRYPOINT_TAKEN for a second one */
  localEntrypoint<E extends () => unknown>(run: E): E;
  localEntrypoint<E extends AnyFunction>(run: E): E;
  localEntrypoint<E extends AnyFunction>(run: E): E {
    if (this.#entrypoint) {
      throw new AppError("ENTRYPOINT_TAKEN", `App "${this.name}" has two local entrypoints.`, {
        status: "INVALID_ARGUMENT",
        remedy: "Keep one of them; `dorian run app.ts::name` runs a function by its name.",
      });
    }
    this.#entrypoint = run;
    return run;
  }

  /**
   * Takes another app's functions and classes along, so that apps can be written in files of their own: they are run and deployed as
   * this app's, under its name, with the options that they were given there. The other's local entrypoint is left out. One that two
   * included apps include is taken along once.
   *
   * @throws AppError NAME_TAKEN where both have one of a name, APP_INCLUDED for an app that includes this one
   * @example
   * const gateway = new App("gateway");
   * const push = gateway.function({ name: "push" }, async (value: number) => value);
   * export const app = new App("shop").include(gateway);
   */
  include(other: App): this {
    const theirs = other.#apps();
    if (theirs.has(this)) {
      throw new AppError("APP_INCLUDED", `App "${other.name}" is "${this.name}", or includes it.`, {
        status: "INVALID_ARGUMENT",
        remedy: "Let one of them include the other, and call its functions from there by import.",
      });
    }
    this.#gather(new Set([...this.#apps(), ...theirs]));
    this.#included.add(other);
    return this;
  }

  /** This one, and all that it includes; each once, however many include it. */
  #apps(seen = new Set<App>()): Set<App> {
    if (seen.has(this)) return seen;
    seen.add(this);
    for (const app of this.#included) app.#apps(seen);
    return seen;
  }

  /** Checked here as well as in `include`: an included app may have got more since then. */
  #gather(members: ReadonlySet<App>): Registered[] {
    const byTag = new Map<string, Registered>();
    for (const app of members) {
      for (const [tag, item] of app.#registered) {
        if (byTag.has(tag)) throw this.#nameTaken(tag);
        byTag.set(tag, item);
      }
    }
    return [...byTag.values()];
  }

  /** @internal In the order they were added; those of included apps last. @throws AppError NAME_TAKEN */
  get registered(): Registered[] {
    return this.#gather(this.#apps());
  }

  /** @internal */
  get entrypoint(): AnyFunction | undefined {
    return this.#entrypoint;
  }

  /** @internal Says which functions of a server the app's tags lead to. */
  hydrate(functions: ReadonlyMap<string, HydratedFunction>): void {
    for (const app of this.#apps()) app.#hydrated = new Map(functions);
  }

  #instance(registered: RegisteredClass, parameters: Record<string, unknown>, options?: VariantOptions) {
    const classFunctionId = async () => functionIdOf(this.name, `${registered.tag}.*`, this.#hydrated);
    return instanceHandle(registered, parameters, classFunctionId, options);
  }

  #requireClass(target: new () => object): RegisteredClass {
    const registered = this.registered.find(
      (candidate): candidate is RegisteredClass => candidate.kind === "class" && candidate.target === target,
    );
    if (registered) return registered;
    throw new AppError(
      "CLASS_NOT_REGISTERED",
      `Class ${target.name} does not belong to app "${this.name}".`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Decorate it with @app.cls(), or add it with app.cls(options, Class, { … }).",
      },
    );
  }

  #addClass(options: FunctionOptions, target: new () => object, marks: ClassMarks, name = target.name): void {
    const tag = checkTag("a class", name);
    const concurrency = marks.concurrency ? concurrencyOptions(marks.concurrency) : {};
    const all = this.#withDefaults({ ...options, ...concurrency });
    checkFunctionOptions(`Class "${tag}"`, all);
    checkMarks(tag, marks);
    checkMethodMarks(tag, target, marks);
    checkConstructor(tag, target);
    this.#register({ kind: "class", tag, target, options: all, marks });
  }

  #register(registered: Registered): void {
    if (this.registered.some(({ tag }) => tag === registered.tag)) throw this.#nameTaken(registered.tag);
    this.#registered.set(registered.tag, registered);
  }

  #nameTaken(tag: string): AppError {
    return new AppError("NAME_TAKEN", `App "${this.name}" has two functions or classes named "${tag}".`, {
      status: "INVALID_ARGUMENT",
      remedy: "Rename one of them.",
    });
  }

  #withDefaults(options: FunctionOptions): FunctionOptions {
    const image = options.image ?? this.options.image;
    return {
      ...options,
      ...(image ? { image } : {}),
      secrets: [...(this.options.secrets ?? []), ...(options.secrets ?? [])],
      volumes: { ...this.options.volumes, ...options.volumes },
    };
  }
}

function functionMissing(appName: string): AppError {
  return new AppError("FUNCTION_INVALID", `A function of app "${appName}" was given without its code.`, {
    status: "INVALID_ARGUMENT",
    remedy: 'Pass options first, then the function: app.function({ name: "train" }, async () => { … }).',
  });
}
