import { clone, create, isFieldSet } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  AutoscalerSettingsSchema,
  DataFormat,
  FunctionDataSchema,
  FunctionSchema$,
  TaskTemplateSchema,
  WebhookType,
  type Function as FunctionDefinition,
  type FunctionCreateRequest,
  type FunctionData,
} from "@dorian/protocol/modal";
import { normaliseGpu } from "../../dispatch/placement/gpu-config.ts";

/** Seconds that a call may take when the function says nothing. */
const defaultTimeoutSecs = 300;
/** More than there are models; while a container waits, its choices are gone through again and again, and told. */
const mostGpuChoices = 64;

/**
 * The definition in one form, whatever the age of the client: defaults filled in, GPU as an upper-case type or absent,
 * autoscaler settings complete.
 *
 * @throws AppError FUNCTION_DEFINITION_INVALID
 */
export function normaliseDefinition(request: FunctionCreateRequest): FunctionDefinition {
  const definition = clone(FunctionSchema$, givenDefinition(request));
  if (request.schedule) definition.schedule = request.schedule;
  definition.timeoutSecs ||= defaultTimeoutSecs;
  for (const each of [definition, ...Object.values(definition.methodDefinitions)]) {
    dropEmptyWebhook(each);
    for (const domain of each.webhookConfig?.customDomains ?? []) domain.name = domain.name.toLowerCase();
  }
  if (definition.resources) {
    const gpu = normaliseGpu(definition.resources.gpuConfig);
    if (gpu) definition.resources.gpuConfig = gpu;
    else delete definition.resources.gpuConfig;
  }
  const choices = definition.ExperimentalTaskTemplates.length;
  if (choices > mostGpuChoices) {
    throw invalid(
      `${definition.functionName} names ${choices} choices of GPUs.`,
      `Name at most ${mostGpuChoices}, the most wanted first.`,
    );
  }
  for (const { resources } of definition.ExperimentalTaskTemplates) {
    const gpu = normaliseGpu(resources?.gpuConfig);
    if (resources && gpu) resources.gpuConfig = gpu;
  }
  definition.autoscalerSettings = autoscalerSettings(definition);
  if (definition.nodeEntrypoint) {
    if (definition.supportedInputFormats.length === 0) definition.supportedInputFormats = [DataFormat.CBOR];
    if (definition.supportedOutputFormats.length === 0) definition.supportedOutputFormats = [DataFormat.CBOR];
  }
  return definition;
}

/** Some clients send the message for functions that do not serve the web as well, empty. */
export function dropEmptyWebhook(parts: Pick<FunctionDefinition, "webhookConfig">): void {
  if (parts.webhookConfig?.type === WebhookType.UNSPECIFIED) delete parts.webhookConfig;
}

function givenDefinition(request: FunctionCreateRequest): FunctionDefinition {
  if (request.function) return request.function;
  const data = request.functionData;
  const ranked = data?.rankedFunctions.toSorted((a, b) => a.rank - b.rank) ?? [];
  const first = ranked[0]?.function;
  if (!data || !first) {
    throw invalid("The call has no function definition.", "Update the client.");
  }
  const definition = create(FunctionSchema$, { ...first, ...sharedFields(data) });
  if (ranked.length > 1) {
    definition.ExperimentalTaskTemplates = ranked.flatMap(({ rank, function: each }) =>
      each?.resources ? [create(TaskTemplateSchema, { rank, resources: each.resources })] : [],
    );
  }
  return definition;
}

/** What the ranked functions have in common, where the client says it. */
function sharedFields(data: FunctionData) {
  const { $typeName: _name, $unknown: _unknown, rankedFunctions: _ranked, ...shared } = data;
  const said = FunctionDataSchema.fields.filter((field) => isFieldSet(data, field));
  const names = new Set(said.map((field) => field.localName));
  return Object.fromEntries(Object.entries(shared).filter(([name]) => names.has(name)));
}

// Settings of their own win over the older fields that say the same.
function autoscalerSettings(definition: FunctionDefinition) {
  const given = definition.autoscalerSettings;
  const settings = create(AutoscalerSettingsSchema, {
    ...given,
    minContainers: given?.minContainers ?? definition.warmPoolSize,
    bufferContainers: given?.bufferContainers ?? definition.ExperimentalBufferContainers,
  });
  const max = given?.maxContainers ?? definition.concurrencyLimit;
  if (max > 0) settings.maxContainers = max;
  const window = given?.scaledownWindow ?? definition.taskIdleTimeoutSecs;
  if (window > 0) settings.scaledownWindow = window;
  if (max > 0 && (settings.minContainers ?? 0) > max) {
    throw invalid(
      `"${definition.functionName}" wants at least ${settings.minContainers} containers but at most ${max}.`,
      "Lower `minContainers` or raise `maxContainers`.",
    );
  }
  return settings;
}

function invalid(message: string, remedy: string): AppError {
  return new AppError("FUNCTION_DEFINITION_INVALID", message, { status: "INVALID_ARGUMENT", remedy });
}
