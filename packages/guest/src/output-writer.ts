import { AppError } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import {
  DataFormat,
  type FunctionGetInputsItem,
  type GenericResult,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

const fullServerDelayMs = 1_000;

export interface InputOutput {
  item: FunctionGetInputsItem;
  startedAt: number;
  result: GenericResult;
  dataFormat: DataFormat;
}

/**
 * Hands an output over. Returns when the server has accepted it for good, however long that takes: the client repeats what did not
 * get through, and a server that has no room is asked again.
 */
export async function putOutput(
  modal: ServiceClient<typeof ModalClient>,
  output: InputOutput,
  options: { signal: AbortSignal },
): Promise<void> {
  const { item } = output;
  for (;;) {
    try {
      await modal.functionPutOutputs(
        {
          outputs: [
            {
              inputId: item.inputId,
              functionCallId: item.functionCallId,
              result: output.result,
              inputStartedAt: output.startedAt,
              outputCreatedAt: Date.now() / 1000,
              dataFormat: output.dataFormat,
              retryCount: item.retryCount,
            },
          ],
          requestedAt: Date.now() / 1000,
        },
        options,
      );
      return;
    } catch (error) {
      if (!AppError.is(error) || error.status !== "RESOURCE_EXHAUSTED") throw error;
      await sleep(fullServerDelayMs, options);
    }
  }
}
