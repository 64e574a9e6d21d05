import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { DataFormat, FunctionInputSchema, type FunctionInput } from "@dorian/protocol/modal";
import { encodeArguments } from "@dorian/protocol/payload";
import { pickleArguments } from "@dorian/protocol/pickle/write-pickle";
import { Keywords } from "./keywords.ts";

const maxInputBytes = 64 * 1024 * 1024;

/**
 * Arguments as an input.
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, INPUT_TOO_LARGE
 */
export function encodeInput(
  methodName: string,
  args: readonly unknown[],
  inputFormats?: readonly DataFormat[],
): FunctionInput {
  const dataFormat = formatFor(inputFormats);
  const last = args.at(-1);
  const [positional, named] = last instanceof Keywords ? [args.slice(0, -1), last.values] : [args, {}];
  const encode = dataFormat === DataFormat.PICKLE ? pickleArguments : encodeArguments;
  const bytes = encode(positional, named);
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
    dataFormat,
    methodName,
  });
}

/** Plain data as CBOR, unless the function is of a Python client that knows nothing but pickles. */
function formatFor(inputFormats: readonly DataFormat[] | undefined): DataFormat.CBOR | DataFormat.PICKLE {
  return inputFormats === undefined || inputFormats.includes(DataFormat.CBOR)
    ? DataFormat.CBOR
    : DataFormat.PICKLE;
}
