import { create, toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FunctionLookupError_Reason, FunctionLookupErrorSchema } from "../modal.ts";

/** What official clients read of an error beside its status and its words, by its code. */
const detailsByCode: Record<string, { schema: DescMessage; message: Message }> = {
  FUNCTION_IS_CLASS: {
    schema: FunctionLookupErrorSchema,
    message: create(FunctionLookupErrorSchema, { reason: FunctionLookupError_Reason.CLASS_NAME_USED }),
  },
};

/** The trailer with such details, a `google.rpc.Status` that repeats the rest; empty for most errors. */
export function statusDetails(
  errorCode: string,
  status: { code: number; details: string },
): Record<string, Uint8Array> {
  const known = detailsByCode[errorCode];
  if (!known) return {};
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(status.code);
  writer.tag(2, WireType.LengthDelimited).string(status.details);
  writer.tag(3, WireType.LengthDelimited).bytes(toBinary(AnySchema, anyPack(known.schema, known.message)));
  return { "grpc-status-details-bin": writer.finish() };
}
