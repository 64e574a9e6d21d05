import { AppError } from "@dorian/base/app-error";
import { DataFormat, type FunctionInput, type ModalClient } from "@dorian/protocol/modal";
import { decodeArguments, positionalArguments } from "@dorian/protocol/value/payload";
import { readPickle } from "@dorian/protocol/value/pickle/read-pickle";
import type { ServiceClient } from "@dorian/protocol/service";

/** Arguments of an input, fetched first when they did not fit into it. */
export async function inputArguments(
  modal: ServiceClient<typeof ModalClient>,
  input: FunctionInput | undefined,
  options: { signal: AbortSignal },
): Promise<unknown[]> {
  const bytes = await argumentBytes(modal, input, options);
  if (bytes.length === 0) return [];
  // Python clients of before 1.2 know no other format.
  if (input?.dataFormat === DataFormat.PICKLE) return positionalArguments(readPickle(bytes));
  if (input?.dataFormat !== DataFormat.CBOR) {
    const format = DataFormat[input?.dataFormat ?? 0] ?? "unknown";
    throw new AppError("ARGUMENTS_FORMAT_UNKNOWN", `The arguments came in format ${format}, not in CBOR.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Call this TypeScript function with a client that sends plain data (CBOR).",
    });
  }
  return decodeArguments(bytes);
}

async function argumentBytes(
  modal: ServiceClient<typeof ModalClient>,
  input: FunctionInput | undefined,
  options: { signal: AbortSignal },
): Promise<Uint8Array> {
  const args = input?.argsOneof;
  if (args?.case !== "argsBlobId") return args?.value ?? new Uint8Array();
  const { downloadUrl } = await modal.blobGet({ blobId: args.value }, options);
  const response = await fetch(downloadUrl, { signal: options.signal });
  if (response.ok) return await response.bytes();
  throw new AppError(
    "ARGUMENTS_UNREADABLE",
    `The arguments could not be fetched: HTTP status ${response.status}.`,
    { status: "INTERNAL", remedy: "Repeat the call." },
  );
}
