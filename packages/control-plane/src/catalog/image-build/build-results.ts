import { create } from "@bufbuild/protobuf";
import { messageOf } from "@dorian/base/app-error";
import {
  GenericResult_GenericStatus as Status,
  GenericResultSchema,
  type GenericResult,
} from "@dorian/protocol/modal";
import { failureOf } from "./build-runner.ts";
import { BuildAbandoned } from "./running-build.ts";

/** A result in the sentences that clients of Modal know, with the image's id and what to do. */
export function worded(imageId: string, result: GenericResult): GenericResult {
  switch (result.status) {
    case Status.TERMINATED:
      return {
        ...result,
        exception: `The build of ${imageId} was terminated: ${result.exception || "its worker stopped"}. Please try again.`,
      };
    case Status.TIMEOUT:
      return {
        ...result,
        exception:
          `The build of ${imageId} timed out. Please try again with a larger timeout. ${result.exception}`.trim(),
      };
    case Status.UNSPECIFIED:
      return failureOf(`The build of ${imageId} ended without a result.`);
    case Status.SUCCESS:
      return result;
    default:
      // Clients know no other way for a build to fail.
      return { ...result, status: Status.FAILURE };
  }
}

/** The result of a build that was given up. */
export function cancelled(imageId: string, signal: AbortSignal): GenericResult {
  const why = signal.reason instanceof BuildAbandoned ? signal.reason.message : messageOf(signal.reason);
  return create(GenericResultSchema, {
    status: Status.TERMINATED,
    exception: `The build of ${imageId} was cancelled: ${why}. Please try again.`,
  });
}
