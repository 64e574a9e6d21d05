import { wallClockMs } from "@dorian/base/wall-clock";
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
  startedAt: number;
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
            outputCreatedAt: wallClockMs() / 1000,
            dataFormat: output.dataFormat,
            retryCount: item.retryCount,
          },
        ],
        requestedAt: wallClockMs() / 1000,
      },
      options,
    );
  await patiently(put, options);
}
