import { clone, create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  AutoscalerSettingsSchema,
  ClassParameterInfo_ParameterSerializationFormat as Format,
  FunctionSchema$,
  type AutoscalerSettings,
  type Function as FunctionDefinition,
} from "@dorian/protocol/modal";
import { isOpen } from "../app/app.ts";
import type { AppRegistry } from "../app/app-registry.ts";
import type {
  AppDirectory,
  ContainerPlan,
  FunctionCatalog,
  FunctionSpec,
  SchedulingOverrides,
} from "../../dispatch/ports.ts";
import { applyOptions, mergeScheduling } from "./apply-options.ts";
import { canonicalParameters } from "./class-parameters.ts";
import { planContainer, type PlanSources } from "./container-plan.ts";
import { isPin, type FunctionRecord } from "./function-record.ts";
import { updateFunction, type FunctionRegistry } from "./function-registry.ts";
import { classFunctionOf } from "./handle-metadata.ts";
import { aliasedMethod, isMethodAlias } from "./method-alias.ts";

export interface CatalogOptions extends PlanSources {
  apps: AppRegistry;
  functions: FunctionRegistry;
}

/** Functions as dispatch sees them: what is published, with the options of bound variants applied. */
export class Catalog implements FunctionCatalog, SchedulingOverrides, AppDirectory {
  #options: CatalogOptions;
  #listeners = new Set<(functionIds: string[]) => void>();
  /** Specs are asked for at every input; they change with publishes only. */
  #specs = new Map<string, FunctionSpec>();
  #sandboxes = new Map<string, FunctionSpec>();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  spec(functionId: string): FunctionSpec | undefined {
    const known = this.#specs.get(functionId) ?? this.#sandboxes.get(functionId);
    if (known) return known;
    const spec = this.#makeSpec(functionId);
    if (spec) this.#specs.set(functionId, spec);
    return spec;
  }

  *activeSpecs(): Iterable<FunctionSpec> {
    for (const { functionId } of this.#options.functions.all()) {
      const spec = this.spec(functionId);
      if (spec?.active && !spec.isBuilder) yield spec;
    }
  }

  addSandbox(spec: FunctionSpec): void {
    this.#sandboxes.set(spec.functionId, spec);
  }

  removeSandbox(sandboxId: string): void {
    this.#sandboxes.delete(sandboxId);
  }

  onChange(listener: (functionIds: string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks again at functions whose records, or whose app, have changed. */
  changed(functionIds: string[]): void {
    if (functionIds.length === 0) return;
    for (const functionId of functionIds) this.#specs.delete(functionId);
    for (const listener of this.#listeners) listener(functionIds);
  }

  async containerPlan(functionId: string): Promise<ContainerPlan> {
    const { functions } = this.#options;
    const spec = this.spec(functionId);
    if (!spec) throw notPublished(functions.require(functionId));
    const record = spec.sandbox ? undefined : functions.require(functionId);
    const params = record ? this.#params(record, spec.definition) : new Uint8Array();
    return await planContainer(this.#options, spec, params);
  }

  async updateScheduling(functionId: string, settings: AutoscalerSettings): Promise<AutoscalerSettings> {
    const { functions, journal } = this.#options;
    const scheduling = mergeScheduling(functions.require(functionId).scheduling, settings);
    await journal.write(
      (trx) => updateFunction(trx, functionId, { scheduling }),
      () => functions.change(functionId, { scheduling }),
    );
    this.changed([functionId]);
    return this.spec(functionId)?.definition.autoscalerSettings ?? create(AutoscalerSettingsSchema);
  }

  lookupApp(appId: string): { description: string; environment: string; stopped: boolean } | undefined {
    const app = this.#options.apps.get(appId);
    if (!app) return undefined;
    const environment = this.#options.environments.nameOf(app.scope);
    return { description: app.name ?? app.description, environment, stopped: !isOpen(app) };
  }

  familyOf(functionId: string): string[] {
    const { functions } = this.#options;
    const record = functions.get(functionId);
    if (!record) return [];
    const runs = aliasedMethod(record) === "" ? record : (classFunctionOf(functions, record) ?? record);
    return functions.withBound(runs.functionId);
  }

  #makeSpec(functionId: string): FunctionSpec | undefined {
    const { apps, functions } = this.#options;
    const record = functions.get(functionId);
    if (!record) return undefined;
    const root = functions.root(record);
    const definition = this.#definition(record);
    const app = apps.get(root.appId);
    // An alias runs nothing: its callers call the function of its class.
    if (!definition || !app || isMethodAlias(definition)) return undefined;
    const isLive = app.functionIds.get(root.tag) === root.functionId;
    const isPublished = root.isBuilder || isPin(root) || isLive;
    return {
      functionId,
      appId: root.appId,
      tag: root.tag.replace(/\.\*$/, ""),
      definition,
      revision: root.revision,
      isBuilder: root.isBuilder,
      active: isOpen(app) && isPublished,
      keepsUncalled: record.baseFunctionId === undefined || record.scheduling?.minContainers !== undefined,
    };
  }

  #definition(record: FunctionRecord): FunctionDefinition | undefined {
    const { functions } = this.#options;
    const isBase = record.baseFunctionId === undefined;
    const base =
      isBase || isPin(record)
        ? record.definition
        : this.#definition(functions.require(record.baseFunctionId ?? ""));
    if (!base) return undefined;
    const definition = record.options ? applyOptions(base, record.options) : clone(FunctionSchema$, base);
    // What runs by itself is the function as it was deployed.
    if (!isBase) delete definition.schedule;
    // Nobody asked for containers of a version that has been replaced before they call it.
    if (isPin(record) && definition.autoscalerSettings) definition.autoscalerSettings.minContainers = 0;
    if (record.scheduling) {
      definition.autoscalerSettings = mergeScheduling(definition.autoscalerSettings, record.scheduling);
    }
    if (isBase && needsParameters(definition) && definition.autoscalerSettings) {
      // Nobody can call the class without them: a container kept warm for it would serve nothing.
      definition.autoscalerSettings.minContainers = 0;
    }
    return definition;
  }

  #params(record: FunctionRecord, definition: FunctionDefinition): Uint8Array {
    const { functions } = this.#options;
    if (record.serializedParams.length > 0) return record.serializedParams;
    if (record.baseFunctionId !== undefined)
      return this.#params(functions.require(record.baseFunctionId), definition);
    if (needsParameters(definition)) return new Uint8Array();
    return canonicalParameters(record.tag, definition.classParameterInfo, new Uint8Array());
  }
}

/** True for a class with a parameter that has no default. */
function needsParameters(definition: FunctionDefinition): boolean {
  const info = definition.classParameterInfo;
  return (
    info?.format === Format.PARAM_SERIALIZATION_FORMAT_PROTO &&
    info.schema.some((parameter) => !parameter.hasDefault)
  );
}

export function notPublished(record: FunctionRecord): AppError {
  return new AppError("FUNCTION_NOT_PUBLISHED", `"${record.tag}" has not been published yet.`, {
    remedy: "Publish its app first.",
  });
}
