import {
  DataFormat,
  type FunctionGetInputsItem,
  type GenericResult,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { patiently } from "./patiently.ts";

export interface InputOutput {
  item: FunctionGetInputsItem;
  /** Unix seconds. */
  startedAt: number;
  createdAt: number;
  result: GenericResult;
  dataFormat: DataFormat;
}

/**
 * Hands an output over. Returns when the server has accepted it for good: the client repeats what did not get through, and
 * a server that has no room is asked again.
 */
export async function putOutput(
  modal: ServiceClient<typeof ModalClient>,
  output: InputOutput,
  options: { signal: AbortSignal },
): Promise<void> {
  const { item } = output;
  const put = () =>
    modal.functionPutOutputs(
      {
        outputs: [
          {
            inputId: item.inputId,
            functionCallId: item.functionCallId,
            result: output.result,
            inputStartedAt: output.startedAt,
            outputCreatedAt: output.createdAt,
            dataFormat: output.dataFormat,
            retryCount: item.retryCount,
          },
        ],
      },
      options,
    );
  await patiently(put, options);
}
