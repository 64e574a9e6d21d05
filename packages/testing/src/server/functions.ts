import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { applyOptions, mergeScheduling } from "@dorian/control-plane/catalog/function/apply-options";
import { canonicalParameters } from "@dorian/control-plane/catalog/function/class-parameters";
import { parametersFromQuery } from "@dorian/control-plane/web/query-parameters";
import {
  FunctionHandleMetadataSchema,
  FunctionSchema$,
  type Function as FunctionDefinition,
  type FunctionHandleMetadata,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Registered } from "@dorian/sdk/class/registered";
import type { Pool } from "./pool.ts";
import type { TestFunction } from "./test-function.ts";

/** An app that is being brought into the run. */
export interface TestApp {
  appId: string;
  name: string;
  registered: readonly Registered[];
}

/** A function with the containers and waiting inputs that are its own. */
export interface PooledFunction extends TestFunction {
  pool: Pool;
}

export interface FunctionsOptions {
  poolOf: (target: TestFunction) => Pool;
  /** Where a web function, or a method of that name, is reached. */
  urlOf: (target: TestFunction, methodName: string) => Promise<string>;
}

/** The functions of the apps under test, and their variants. */
export class Functions {
  #options: FunctionsOptions;
  #apps = new Map<string, TestApp>();
  #byId = new Map<string, PooledFunction>();
  #variants = new Map<string, PooledFunction>();

  constructor(options: FunctionsOptions) {
    this.#options = options;
  }

  get all(): Iterable<PooledFunction> {
    return this.#byId.values();
  }

  addApp(app: TestApp): void {
    this.#apps.set(app.appId, app);
  }

  require(functionId: string): PooledFunction {
    const found = this.#byId.get(functionId);
    if (found) return found;
    throw new AppError("FUNCTION_NOT_FOUND", `There is no function ${functionId} in this run.`, {
      status: "NOT_FOUND",
      remedy: "Call functions of the apps that were given to runInProcess.",
    });
  }

  /** The function with the parameters that a request's query has. @throws AppError WEB_PARAMETER_INVALID */
  ofQuery(functionId: string, url: string): PooledFunction {
    const target = this.require(functionId);
    const schema = target.definition.classParameterInfo?.schema ?? [];
    return schema.length === 0 ? target : this.#bind(target, parametersFromQuery(url, schema), undefined);
  }

  get handlers() {
    return {
      functionPrecreate: async () => ({ functionId: newId("fu") }),
      functionCreate: async ({ appId, function: definition, existingFunctionId }) => {
        const made = this.#create(existingFunctionId, appId, definition ?? create(FunctionSchema$));
        return { functionId: made.functionId, handleMetadata: metadataOf(made) };
      },
      classCreate: async () => ({ classId: newId("cs") }),
      appPublish: async () => {
        for (const { pool } of this.#byId.values()) pool.scale();
        return {};
      },
      functionGet: async ({ appName, objectTag }) => {
        const found = this.#named(appName, objectTag);
        return { functionId: found.functionId, handleMetadata: await this.#withUrls(found) };
      },
      functionGetById: async ({ functionId }) => ({
        handleMetadata: await this.#withUrls(this.require(functionId)),
      }),
      functionBindParams: async ({ functionId, serializedParams, functionOptions }) => {
        const bound = this.#bind(this.require(functionId), serializedParams, functionOptions);
        return { boundFunctionId: bound.functionId, handleMetadata: metadataOf(bound) };
      },
      functionUpdateSchedulingParams: async ({ functionId, settings }) => {
        const { definition, pool } = this.require(functionId);
        definition.autoscalerSettings = mergeScheduling(definition.autoscalerSettings, settings ?? {});
        pool.scale();
        return { currentSettings: definition.autoscalerSettings };
      },
      functionGetCurrentStats: async ({ functionId }) => {
        const { pool } = this.require(functionId);
        return {
          backlog: pool.backlog,
          numTotalTasks: pool.tasks.size,
          numActiveTasks: pool.activeTasks,
          numRunningInputs: pool.runningInputs,
          inputHeadroom: pool.inputHeadroom,
        };
      },
    } satisfies ServiceHandlers<typeof ModalClient>;
  }

  #create(functionId: string, appId: string, definition: FunctionDefinition): PooledFunction {
    const app = this.#apps.get(appId);
    const tag = definition.functionName;
    const registered = app?.registered.find((each) => each.tag === definition.nodeEntrypoint?.objectTag);
    if (!app || !registered) throw new Error(`Bug: ${tag} belongs to no app of this run.`);
    const facts = { functionId, appId, appName: app.name, tag, definition, registered };
    return this.#add({ ...facts, serializedParams: new Uint8Array() });
  }

  #add(facts: TestFunction): PooledFunction {
    const made = { ...facts, pool: this.#options.poolOf(facts) };
    this.#byId.set(made.functionId, made);
    return made;
  }

  /** Listens for web functions that somebody may ask for the address of. */
  async #withUrls(target: PooledFunction): Promise<FunctionHandleMetadata> {
    const { registered } = target;
    const metadata = metadataOf(target);
    if (registered.kind === "function") {
      if (registered.web) metadata.webUrl = await this.#options.urlOf(target, "");
      return metadata;
    }
    for (const { name, web } of registered.marks.marks) {
      const method = metadata.methodHandleMetadata[name];
      if (web && method) method.webUrl = await this.#options.urlOf(target, name);
    }
    return metadata;
  }

  #named(appName: string, tag: string): PooledFunction {
    const found = [...this.#byId.values()].find((each) => each.appName === appName && each.tag === tag);
    if (found) return found;
    const isThere = [...this.#apps.values()].some(({ name }) => name === appName);
    const what = isThere
      ? `App "${appName}" has no function "${tag}"`
      : `App "${appName}" is not in this run`;
    throw new AppError(isThere ? "FUNCTION_NOT_FOUND" : "APP_NOT_FOUND", `${what}.`, {
      status: "NOT_FOUND",
      remedy: `Give runInProcess an app "${appName}" with a function "${tag}": the real one, or one made for the test.`,
    });
  }

  #bind(
    base: PooledFunction,
    serialized: Uint8Array,
    options: Parameters<typeof applyOptions>[1] | undefined,
  ): PooledFunction {
    const params = this.#parameters(base, serialized);
    const definition = options ? applyOptions(base.definition, options) : base.definition;
    const key = JSON.stringify(
      [base.functionId, Buffer.from(params).toString("base64"), hasOptions(options) && options],
      plainly,
    );
    const known = this.#variants.get(key);
    if (known) return known;
    const isBase = !hasOptions(options) && Buffer.compare(params, base.serializedParams) === 0;
    const { appId, appName, tag, registered } = base;
    const bound = isBase
      ? base
      : this.#add({
          functionId: newId("fu"),
          appId,
          appName,
          tag,
          registered,
          definition,
          serializedParams: params,
        });
    this.#variants.set(key, bound);
    bound.pool.scale();
    return bound;
  }

  /** Empty for the set of all defaults, which is what the class itself runs with. */
  #parameters(base: TestFunction, serialized: Uint8Array): Uint8Array {
    const info = base.definition.classParameterInfo;
    if (!info || (serialized.length === 0 && base.serializedParams.length > 0)) return base.serializedParams;
    const params = canonicalParameters(base.tag, info, serialized);
    if (!info.schema.every(({ hasDefault }) => hasDefault)) return params;
    const defaults = canonicalParameters(base.tag, info, new Uint8Array());
    return Buffer.compare(params, defaults) === 0 ? new Uint8Array() : params;
  }
}

function hasOptions(options: object | undefined): boolean {
  return Object.entries(options ?? {}).some(
    ([name, value]) => !name.startsWith("$") && value !== undefined && value !== false && !isEmpty(value),
  );
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function plainly(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** What callers of a function need to know of it. */
function metadataOf({ functionId, appId, tag, definition }: TestFunction): FunctionHandleMetadata {
  const formats = {
    supportedInputFormats: definition.supportedInputFormats,
    supportedOutputFormats: definition.supportedOutputFormats,
  };
  const methods = Object.entries(definition.methodDefinitions).map(
    ([name, { functionName, functionType }]) => [
      name,
      {
        functionName,
        functionType,
        useFunctionId: functionId,
        useMethodName: name,
        isMethod: true,
        ...formats,
      },
    ],
  );
  return create(FunctionHandleMetadataSchema, {
    functionName: tag,
    functionType: definition.functionType,
    useFunctionId: functionId,
    appId,
    methodHandleMetadata: Object.fromEntries(methods),
    ...(definition.classParameterInfo ? { classParameterInfo: definition.classParameterInfo } : {}),
    ...formats,
  });
}
