import { clone } from "@bufbuild/protobuf";
import { FunctionSchema$, type Function as FunctionDefinition } from "@dorian/protocol/modal";

/** What containers of it are: all but how many there are, and retries. */
export function withoutScaling(definition: FunctionDefinition): FunctionDefinition {
  const rest = clone(FunctionSchema$, definition);
  delete rest.autoscalerSettings;
  delete rest.retryPolicy;
  rest.warmPoolSize = 0;
  rest.concurrencyLimit = 0;
  rest.taskIdleTimeoutSecs = 0;
  rest.ExperimentalBufferContainers = 0;
  return rest;
}
