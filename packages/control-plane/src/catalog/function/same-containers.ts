import { clone, equals } from "@bufbuild/protobuf";
import { FunctionSchema$, type Function as FunctionDefinition } from "@dorian/protocol/modal";

/** Whether containers of the one definition can go on serving the other: all but how many there are, and retries, is equal. */
export function sameContainers(a: FunctionDefinition | undefined, b: FunctionDefinition): boolean {
  return a !== undefined && equals(FunctionSchema$, withoutScaling(a), withoutScaling(b));
}

function withoutScaling(definition: FunctionDefinition): FunctionDefinition {
  const rest = clone(FunctionSchema$, definition);
  delete rest.autoscalerSettings;
  delete rest.retryPolicy;
  rest.warmPoolSize = 0;
  rest.concurrencyLimit = 0;
  rest.taskIdleTimeoutSecs = 0;
  rest.ExperimentalBufferContainers = 0;
  return rest;
}
