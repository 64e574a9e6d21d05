import { toJson } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import {
  AutoscalerSettingsSchema,
  DataFormat,
  FunctionBindParamsRequestSchema,
  Function_FunctionType as FunctionType,
  type FunctionBindParamsRequest,
} from "@dorian/protocol/modal";
import { ScriptedServer, success, type Script } from "@dorian/testkit/scripted-server";
import { expect, test } from "vitest";
import { Cls } from "../class/cls.ts";
import { Secret } from "../secret/secret.ts";
import { Volume } from "../volume/volume.ts";
import { RemoteFunction } from "./remote-function.ts";
import type { VariantOptions } from "./variant-options.ts";

const metadata = {
  appId: "ap-1",
  functionType: FunctionType.FUNCTION,
  supportedInputFormats: [DataFormat.CBOR],
  methodHandleMetadata: {
    read: { functionType: FunctionType.FUNCTION, supportedInputFormats: [DataFormat.CBOR] },
  },
};

/** A server that binds whatever it is asked to, and answers calls with the id of the function that was called. */
function binding(bound: FunctionBindParamsRequest[], more: Script = {}): Script {
  return {
    functionGet: async () => ({ functionId: "fu-1", handleMetadata: metadata }),
    functionGetById: async () => ({ handleMetadata: metadata }),
    functionBindParams: async (request) => {
      bound.push(request);
      return { boundFunctionId: `fu-bound-${bound.length}` };
    },
    functionMap: async ({ functionId }) => ({ functionCallId: newId("fc"), output: success(functionId) }),
    ...more,
  };
}

const read = () => RemoteFunction.fromName<() => Promise<string>>("quickstart", "read");
const optionsOf = (request: FunctionBindParamsRequest | undefined) =>
  request &&
  (toJson(FunctionBindParamsRequestSchema, request) as { functionOptions: unknown }).functionOptions;

test("withOptions binds a function once, to what the options name and nothing else", async () => {
  const bound: FunctionBindParamsRequest[] = [];
  await ScriptedServer.open(binding(bound));
  const other = read().withOptions({
    gpu: "h100:2",
    cpu: { request: 2, limit: 4 },
    timeout: 9.5,
    retries: 0,
    minContainers: 1,
    maxContainers: 5,
    scaledownWindow: 30,
    maxConcurrentInputs: 8,
    batched: { maxBatchSize: 4, waitMs: 10 },
  });
  expect(await other.remote()).toBe("fu-bound-1");
  expect(await other.remote()).toBe("fu-bound-1");
  expect(bound).toHaveLength(1);
  expect(optionsOf(bound[0])).toEqual({
    resources: { milliCpu: 2000, milliCpuMax: 4000, gpuConfig: { gpuType: "H100", count: 2 } },
    timeoutSecs: 10,
    retryPolicy: { backoffCoefficient: 2, initialDelayMs: 1000, maxDelayMs: 60_000 },
    warmPoolSize: 1,
    concurrencyLimit: 5,
    taskIdleTimeoutSecs: 30,
    maxConcurrentInputs: 8,
    targetConcurrentInputs: 8,
    batchMaxSize: 4,
    batchLingerMs: "10",
  });
});

test("options that change nothing bind nothing", async () => {
  const bound: FunctionBindParamsRequest[] = [];
  await ScriptedServer.open(binding(bound));
  expect(await read().withOptions({}).remote()).toBe("fu-1");
  expect(bound).toEqual([]);
});

test("secrets and variables of a variant are those of its app, and stand in the place of what was there", async () => {
  const bound: FunctionBindParamsRequest[] = [];
  const made: unknown[] = [];
  const secretGetOrCreate: Script["secretGetOrCreate"] = async ({ deploymentName, appId, envDict }) => {
    made.push([deploymentName, appId, envDict]);
    return { secretId: `st-${made.length}` };
  };
  await ScriptedServer.open(binding(bound, { secretGetOrCreate }));
  await read()
    .withOptions({ secrets: [Secret.fromName("hub")], env: { SIZE: "large" } })
    .remote();
  expect(made).toEqual([
    ["hub", "", {}],
    ["", "ap-1", { SIZE: "large" }],
  ]);
  expect(optionsOf(bound[0])).toEqual({ secretIds: ["st-1", "st-2"], replaceSecretIds: true });
});

test("volumes of a variant are mounted as they say", async () => {
  const bound: FunctionBindParamsRequest[] = [];
  await ScriptedServer.open(binding(bound, { volumeGetOrCreate: async () => ({ volumeId: "vo-1" }) }));
  const weights = Volume.fromName("weights").withMountOptions({ readOnly: true, subPath: "iris" });
  await read()
    .withOptions({ volumes: { "/vol": weights } })
    .remote();
  expect(optionsOf(bound[0])).toEqual({
    volumeMounts: [
      { volumeId: "vo-1", mountPath: "/vol", allowBackgroundCommits: true, readOnly: true, subPath: "iris" },
    ],
    replaceVolumeMounts: true,
    replaceCloudBucketMounts: true,
  });
});

test("options of a class go with the parameters of each instance, and add up", async () => {
  const bound: FunctionBindParamsRequest[] = [];
  await ScriptedServer.open(binding(bound));
  const Reader = Cls.fromName<new () => { read(): Promise<string> }>("quickstart", "Reader");
  const large = Reader.withOptions({ memory: 512 }).withOptions({ timeout: 60 }).instance();
  expect(await large.read.remote()).toBe("fu-bound-1");
  expect(optionsOf(bound[0])).toEqual({ resources: { memoryMb: 512 }, timeoutSecs: 60 });
  expect(await Reader.instance().read.remote()).toBe("fu-1");
});

test("what is decided when a function is deployed cannot be changed for a variant", () => {
  expect(() => read().withOptions({ image: undefined } as VariantOptions)).toThrow(
    expect.objectContaining({ code: "OPTION_NOT_CHANGEABLE", remedy: expect.stringContaining("timeout") }),
  );
  expect(() => read().withOptions({ timeout: -1 })).toThrow("timeout: -1");
  expect(() => read().withOptions({ targetConcurrentInputs: 1 })).toThrow("without maxConcurrentInputs");
});

test("the code of what was looked up by name is not here", () => {
  const notLocal = expect.objectContaining({ code: "FUNCTION_NOT_LOCAL" });
  const Reader = Cls.fromName<new () => { read(): Promise<string> }>("quickstart", "Reader");
  expect(() => read().local()).toThrow(notLocal);
  expect(() => Reader.instance().read.local()).toThrow(notLocal);
});

test("a version, and an environment, are part of the look-up", async () => {
  const looked: unknown[] = [];
  await ScriptedServer.open(
    binding([], {
      functionGet: async ({ appVersion, environmentName, objectTag }) => {
        looked.push([objectTag, appVersion, environmentName]);
        return { functionId: "fu-1", handleMetadata: metadata };
      },
    }),
  );
  const options = { version: 3, environment: "staging" };
  await RemoteFunction.fromName<() => Promise<string>>("quickstart", "read", options).remote();
  await Cls.fromName<new () => { read(): void }>("quickstart", "Reader", options).instance().read.remote();
  expect(looked).toEqual([
    ["read", 3, "staging"],
    ["Reader.*", 3, "staging"],
  ]);
  expect(() => RemoteFunction.fromName("quickstart", "read", { version: 0 })).toThrow("version: 0");
});

test("the autoscaler is told what changes, and says what holds", async () => {
  const told: unknown[] = [];
  await ScriptedServer.open(
    binding([], {
      functionUpdateSchedulingParams: async ({ functionId, settings }) => {
        told.push([functionId, settings && toJson(AutoscalerSettingsSchema, settings)]);
        return { currentSettings: { minContainers: 2, scaledownWindow: 60 } };
      },
      functionGetCurrentStats: async () => ({
        backlog: 3,
        numActiveTasks: 1,
        numTotalTasks: 2,
        numRunningInputs: 1,
      }),
    }),
  );
  expect(await read().updateAutoscaler({ minContainers: 2 })).toEqual({
    minContainers: 2,
    scaledownWindow: 60,
  });
  expect(told).toEqual([["fu-1", { minContainers: 2 }]]);
  await expect(read().updateAutoscaler({ minContainers: -1 })).rejects.toMatchObject({
    code: "OPTION_INVALID",
  });
  await expect(read().updateAutoscaler({ timeout: 5 } as object)).rejects.toMatchObject({
    code: "OPTION_UNKNOWN",
  });
  expect(await Cls.fromName<new () => object>("quickstart", "Reader").instance().getCurrentStats()).toEqual({
    backlog: 3,
    containers: 2,
    activeContainers: 1,
    runningInputs: 1,
    inputHeadroom: 0,
  });
});
