import { create } from "@bufbuild/protobuf";
import { DataFormat, FunctionInputSchema, type FunctionInput } from "@dorian/protocol/modal";
import { encodeArguments } from "@dorian/protocol/value/payload";
import { pickleArguments } from "@dorian/protocol/value/pickle/write-pickle";
import { Keywords } from "./keywords.ts";

/**
 * Arguments as an input. `of` says which call they are of, where there are many: " of the map's item 3".
 *
 * @throws AppError VALUE_NOT_SERIALISABLE, INPUT_TOO_LARGE
 */
export function encodeInput(
  methodName: string,
  args: readonly unknown[],
  inputFormats?: readonly DataFormat[],
  of = "",
): FunctionInput {
  const dataFormat = formatFor(inputFormats);
  const last = args.at(-1);
  const [positional, named] = last instanceof Keywords ? [args.slice(0, -1), last.values] : [args, {}];
  const encode = dataFormat === DataFormat.PICKLE ? pickleArguments : encodeArguments;
  const bytes = encode(positional, named, of);
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
