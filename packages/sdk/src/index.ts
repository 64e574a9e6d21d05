export { AppError } from "@dorian/base/app-error";
export { App, type AppOptions, type ClassSpec } from "./app/app.ts";
export { Cls } from "./class/cls.ts";
export type { ParameterType } from "./class/class-marks.ts";
export { build, enter, exit, method, parameter } from "./class/decorators.ts";
export type { ClassParameters, Instance, RemoteMethod } from "./class/instance.ts";
export { currentInput, currentInputId, currentTaskId, type CurrentInput } from "./container/current-input.ts";
export type { Callable, RemoteResult } from "./function/callable.ts";
export { FunctionCall } from "./function/function-call.ts";
export type { FunctionOptions, RetryPolicy } from "./function/function-options.ts";
export { keywords } from "./function/keywords.ts";
export type { MapOptions } from "./function/map-invocation.ts";
export { FunctionTimeoutError, RemoteError } from "./function/remote-error.ts";
export { RemoteFunction as Function } from "./function/remote-function.ts";
export {
  Image,
  type LocalDirectoryOptions,
  type LocalFileOptions,
  type RunFunctionOptions,
  type RunOptions,
  type StepOptions,
} from "./image/image.ts";
export { Secret } from "./secret/secret.ts";
export { startTimeline, type StartTimeline } from "./timeline.ts";
export type { UploadBatch, UploadContent } from "./volume/upload-batch.ts";
export { Volume } from "./volume/volume.ts";
export type { VolumeEntry } from "./volume/volume-entry.ts";
export type { VolumeFiles } from "./volume/volume-files.ts";
export type { TransferProgress } from "./volume/transfer-progress.ts";
export type { TransferSettings } from "./volume/volume-wire.ts";
