import { clone, create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  AutoscalerSettingsSchema,
  ClassParameterInfo_ParameterSerializationFormat as Format,
  FunctionSchema$,
  type AutoscalerSettings,
  type Function as FunctionDefinition,
} from "@dorian/protocol/modal";
import { appLayout, type LayoutSources } from "../app/app-layout.ts";
import { isOpen } from "../app/app.ts";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Journal } from "../database/journal.ts";
import { taskVolumes } from "../image/build-runner.ts";
import { touchImage, type ImageRecord } from "../image/image-registry.ts";
import type { MountStore } from "../mount/mount-store.ts";
import type {
  AppDirectory,
  ContainerPlan,
  FunctionCatalog,
  FunctionSpec,
  SchedulingOverrides,
} from "../ports.ts";
import type { SecretStore } from "../secret/secret-store.ts";
import { applyOptions, mergeScheduling } from "./apply-options.ts";
import { canonicalParameters } from "./class-parameters.ts";
import type { FunctionRecord } from "./function-record.ts";
import { updateFunction, type FunctionRegistry } from "./function-registry.ts";

export interface CatalogOptions extends LayoutSources {
  apps: AppRegistry;
  functions: FunctionRegistry;
  mounts: MountStore;
  secrets: SecretStore;
  journal: Journal;
  /** Whether all layers of an image are on disk. */
  layersPresent(image: ImageRecord): Promise<boolean>;
}

/** Functions as dispatch sees them: what is published, with the options of bound variants applied. */
export class Catalog implements FunctionCatalog, SchedulingOverrides, AppDirectory {
  #options: CatalogOptions;
  #listeners = new Set<(functionIds: string[]) => void>();
  /** Specs are asked for at every input; they change with publishes only. */
  #specs = new Map<string, FunctionSpec>();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  spec(functionId: string): FunctionSpec | undefined {
    const known = this.#specs.get(functionId);
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

  onChange(listener: (functionIds: string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called when records of these functions, or their app, have changed. */
  changed(functionIds: string[]): void {
    if (functionIds.length === 0) return;
    for (const functionId of functionIds) this.#specs.delete(functionId);
    for (const listener of this.#listeners) listener(functionIds);
  }

  async containerPlan(functionId: string): Promise<ContainerPlan> {
    const { apps, functions, images, mounts, secrets, volumes } = this.#options;
    const record = functions.require(functionId);
    const spec = this.spec(functionId);
    if (!spec) throw notPublished(record);
    const app = apps.requireOpen(spec.appId);
    const { definition } = spec;
    const image = images.require(definition.imageId);
    if (image.state !== "ready" || !(await this.#options.layersPresent(image))) {
      throw new AppError(
        "IMAGE_UNUSABLE",
        `The image ${image.imageId} of ${spec.tag} is not on this machine.`,
        {
          remedy: "Run or deploy the app again: the image is then built anew.",
        },
      );
    }
    await touchImage(this.#options, image, Date.now());
    const codeLayers = await Promise.all(definition.mountIds.map((mountId) => mounts.layerOf(mountId)));
    const deleted = definition.volumeMounts.find(
      (mount) => volumes.require(mount.volumeId).name === undefined,
    );
    if (deleted) {
      throw new AppError(
        "VOLUME_DELETED",
        `The volume that ${spec.tag} mounts at ${deleted.mountPath} was deleted.`,
        {
          status: "NOT_FOUND",
          remedy: "Run or deploy the app again: a volume with createIfMissing is then made anew, empty.",
        },
      );
    }
    return {
      arguments: {
        functionId,
        appId: spec.appId,
        functionDef: definition,
        tracingContext: {},
        serializedParams: this.#params(record, definition),
        runtime: "",
        environmentName: app.environment,
        appLayout: appLayout(this.#options, app, { unpublished: spec.isBuilder, extra: definition }),
        inputPlaneServerUrl: "",
      },
      layerIds: [...image.layerIds, ...codeLayers],
      imageId: image.imageId,
      config: image.config,
      secretEnv: secrets.env(definition.secretIds),
      volumes: taskVolumes(volumes, definition.volumeMounts),
    };
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

  lookupApp(appId: string): { description: string; stopped: boolean } | undefined {
    const app = this.#options.apps.get(appId);
    return app && { description: app.name ?? app.description, stopped: !isOpen(app) };
  }

  #makeSpec(functionId: string): FunctionSpec | undefined {
    const { apps, functions } = this.#options;
    const record = functions.get(functionId);
    if (!record) return undefined;
    const root = functions.root(record);
    const definition = this.#definition(record);
    const app = apps.get(root.appId);
    if (!definition || !app) return undefined;
    const isPublished = root.isBuilder || app.functionIds.get(root.tag) === root.functionId;
    return {
      functionId,
      appId: root.appId,
      tag: root.tag.replace(/\.\*$/, ""),
      definition,
      revision: root.revision,
      isBuilder: root.isBuilder,
      active: isOpen(app) && isPublished,
    };
  }

  #definition(record: FunctionRecord): FunctionDefinition | undefined {
    const { functions } = this.#options;
    const isBase = record.baseFunctionId === undefined;
    const base = isBase
      ? record.definition
      : this.#definition(functions.require(record.baseFunctionId ?? ""));
    if (!base) return undefined;
    const definition = record.options ? applyOptions(base, record.options) : clone(FunctionSchema$, base);
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
