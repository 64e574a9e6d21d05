import { AppError } from "@dorian/base/app-error";
import type { FunctionInput, FunctionPutInputsItem } from "@dorian/protocol/modal";
import type { FunctionCatalog, FunctionSpec } from "../ports.ts";
import { functionNotFound } from "../../access/function-not-found.ts";

export interface AdmissionOptions {
  catalog: FunctionCatalog;
  /** Inputs of a function that wait for a container. */
  pendingInputs: (functionId: string) => number;
  /** Throws when there is no room on the disk to keep so many bytes more. Undefined: there always is. */
  requireRoom?: ((bytes: number) => void) | undefined;
}

const maxPayloadBytes = 64 * 1024 * 1024;
const maxPendingInputs = 25_000;

/** @throws AppError FUNCTION_NOT_FOUND, APP_STOPPED */
export function callable(catalog: FunctionCatalog, functionId: string): FunctionSpec {
  const spec = catalog.spec(functionId);
  if (!spec) throw functionNotFound(functionId);
  if (!spec.active) {
    throw new AppError("APP_STOPPED", `The app of ${spec.tag} is stopped.`, {
      remedy: "Deploy it again with `dorian deploy`, or start it with `dorian run`.",
    });
  }
  return spec;
}

/** @throws AppError PAYLOAD_TOO_LARGE, FUNCTION_QUEUE_FULL */
export function admit(
  options: AdmissionOptions,
  spec: FunctionSpec,
  items: readonly Pick<FunctionPutInputsItem, "input">[],
): void {
  for (const item of items) {
    const args = item.input?.argsOneof;
    if (args?.case !== "args" || args.value.byteLength <= maxPayloadBytes) continue;
    throw new AppError(
      "PAYLOAD_TOO_LARGE",
      `The arguments of a call of ${spec.tag} are ${mebibytes(args.value.byteLength)} MiB; the limit is ${mebibytes(maxPayloadBytes)} MiB.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Put large data on a Volume and pass its path.",
      },
    );
  }
  const pending = options.pendingInputs(spec.functionId);
  if (items.length === 0 || pending + items.length <= maxPendingInputs) return;
  throw new AppError(
    "FUNCTION_QUEUE_FULL",
    `${pending} inputs of ${spec.tag} wait for a container already; the limit is ${maxPendingInputs}.`,
    { status: "RESOURCE_EXHAUSTED", remedy: "Wait for outputs before sending more." },
  );
}

/**
 * As {@link admit}, for inputs that are written down.
 *
 * @throws AppError STORAGE_FULL
 */
export function admitToKeep(
  options: AdmissionOptions,
  spec: FunctionSpec,
  items: readonly Pick<FunctionPutInputsItem, "input">[],
): void {
  admit(options, spec, items);
  // A call that has no inputs yet may begin: they are what takes the room.
  if (items.length === 0) return;
  const bytes = items.reduce((sum, { input }) => sum + argumentBytes(input), 0);
  options.requireRoom?.(bytes * copiesOfInput);
}

/** How often an input is written: to the log of the database and, soon after, to the database. */
const copiesOfInput = 2;

function argumentBytes(input: FunctionInput | undefined): number {
  return input?.argsOneof.case === "args" ? input.argsOneof.value.byteLength : 0;
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
