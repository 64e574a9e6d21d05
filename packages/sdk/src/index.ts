export { AppError, type AppErrorOptions, type StatusName } from "@dorian/base/app-error";
export type { AnyFunction } from "./any-function.ts";
export { App, type AppOptions, type OwnFunctionOptions } from "./app/app.ts";
export type {
  Batch,
  BatchedFunction,
  Batching,
  ElementOf,
  ElementsOf,
  MethodAsCalled,
  OneByOne,
  TakesBatch,
} from "./batch/batch.ts";
export { CloudBucketMount, type CloudBucketMountOptions } from "./bucket/cloud-bucket-mount.ts";
export { batched, type BatchedDecorator } from "./class/batched.ts";
export { Cls, type InstanceOf } from "./class/cls.ts";
export type { BuildOptions, Concurrency, EnterOptions, ParameterType } from "./class/class-marks.ts";
export type {
  BatchedNames,
  ClassSpec,
  MethodNames,
  UnaskedNames,
  WebServerNames,
} from "./class/class-spec.ts";
export { concurrent, type ConcurrentDecorator } from "./class/concurrent.ts";
export type { ParameterValue } from "./class/construct.ts";
export {
  build,
  enter,
  exit,
  method,
  parameter,
  type HookDecorator,
  type MethodDecorator,
  type ParameterDecorator,
} from "./class/decorators.ts";
export type { ClassParameters, Instance, RemoteMethod, ServesWeb, WebMethod } from "./class/instance.ts";
export { currentInput, currentInputId, currentTaskId, type CurrentInput } from "./container/current-input.ts";
export type { WaitOptions } from "./client/wait-options.ts";
export type { Callable, ForEachOptions, IsGenerator, RemoteResult, Yielded } from "./function/callable.ts";
export type { CallGraphInput, InputStatus } from "./function/call-graph.ts";
export type { CallLogOptions, LogLine } from "./function/call-log.ts";
export type { ResultsOptions } from "./function/call-results.ts";
export type { DictKey } from "./dict/dict-key.ts";
export { Dict } from "./dict/dict.ts";
export { Environment, type EnvironmentInfo } from "./environment/environment.ts";
export { FunctionCall, type GetOptions, type ResultsOf } from "./function/function-call.ts";
export type { FunctionOptions } from "./function/function-options.ts";
export type { AutoscalerSettings, FunctionPool, FunctionStats } from "./function/function-pool.ts";
export type { VariantOptions } from "./function/variant-options.ts";
export type { InvokeOptions } from "./function/invocation.ts";
export { keywords, type Keywords } from "./function/keywords.ts";
export type { MapOptions } from "./function/map-invocation.ts";
export { FunctionTimeoutError, RemoteError } from "./function/remote-error.ts";
export type { RetryPolicy } from "./function/retry-policy.ts";
export {
  RemoteFunction as Function,
  type FunctionOf,
  type LookupOptions,
  type UntypedFunction,
} from "./function/remote-function.ts";
export type { DockerfileOptions } from "./image/dockerfile-lines.ts";
export type { FromDockerfileOptions, RegistryOptions } from "./image/first-steps.ts";
export { Image } from "./image/image.ts";
export type { LocalDirectoryOptions, LocalFileOptions } from "./image/local-steps.ts";
export type { NpmInstallFromOptions } from "./image/npm-steps.ts";
export type { PipOptions, UvPipOptions, UvSyncOptions } from "./image/python-steps.ts";
export type { RunFunctionOptions } from "./image/run-function-options.ts";
export type { RunOptions, StepOptions } from "./image/step-options.ts";
export type { LeftOut } from "./local/walk-local-tree.ts";
export type { DeleteOptions, EnvironmentOption, NamedInfo, NamedOptions } from "./named/named-options.ts";
export type { SchemaOption } from "./named/stored-values.ts";
export {
  Queue,
  type PartitionOption,
  type PutOptions,
  type QueueInfo,
  type TakeOptions,
} from "./queue/queue.ts";
export type {
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
  StandardSchema,
} from "./schema/standard-schema.ts";
export { Secret, type SecretCreateOptions, type SecretInfo, type SecretOptions } from "./secret/secret.ts";
export {
  Cron,
  Period,
  type CronSchedule,
  type PeriodLength,
  type PeriodSchedule,
  type Schedule,
} from "./schedule/schedule.ts";
export { schedule, type ScheduledDecorator } from "./class/scheduled.ts";
export { startTimeline, type StartTimeline } from "./timeline.ts";
export type { DirectoryDownload } from "./volume/get-directory.ts";
export type { UploadBatch, UploadContent } from "./volume/upload-batch.ts";
export { Volume, type VolumeMountOptions } from "./volume/volume.ts";
export type { VolumeEntry } from "./volume/volume-entry.ts";
export type { Transferred, Uploaded, VolumeFiles } from "./volume/volume-files.ts";
export type { OnTransferProgress, TransferProgress } from "./volume/transfer-progress.ts";
export type { TransferSettings } from "./volume/volume-wire.ts";
export { nodeHandler, type NodeServerApp } from "./web/node-handler.ts";
export { serverSentEvents, type ServerSentEvent } from "./web/server-sent-events.ts";
export {
  upgradeWebSocket,
  type UpgradedWebSocket,
  type UpgradeWebSocketOptions,
} from "./web/upgrade-websocket.ts";
export { web, webServer, type WebMethodDecorator, type WebServerDecorator } from "./class/web-decorators.ts";
export { TakenError, type RefusedValue } from "./named/taken-error.ts";
export type { WebFunction } from "./web/web-function.ts";
export type { TakesWebPort, WebPort } from "./web/web-port.ts";
export type {
  WebAddressOptions,
  WebAnswer,
  WebApp,
  WebHandler,
  WebInput,
  WebOptions,
} from "./web/web-options.ts";
