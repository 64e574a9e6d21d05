import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { DataFormat, FunctionInputSchema, type FunctionInput } from "@dorian/protocol/modal";
import { encodeArguments } from "@dorian/protocol/payload";

const maxInputBytes = 64 * 1024 * 1024;

/**
 * Arguments as an input.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, INPUT_TOO_LARGE
 */
export function encodeInput(methodName: string, args: readonly unknown[]): FunctionInput {
  const bytes = encodeArguments(args);
  if (bytes.length > maxInputBytes) {
    throw new AppError(
      "INPUT_TOO_LARGE",
      `The arguments take ${(bytes.length / 1024 / 1024).toFixed(1)} MiB; at most 64 MiB can be sent.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Put large data into a Volume and pass its path.",
      },
    );
  }
  return create(FunctionInputSchema, {
    argsOneof: { case: "args", value: bytes },
    dataFormat: DataFormat.CBOR,
    methodName,
  });
}
