import { equals } from "@bufbuild/protobuf";
import { FunctionSchema$, type Function as FunctionDefinition } from "@dorian/protocol/modal";
import { withoutScaling } from "../../dispatch/scaling/without-scaling.ts";

/** Whether containers of the one definition can go on serving the other: all but how many there are, and retries, is equal. */
export function sameContainers(a: FunctionDefinition | undefined, b: FunctionDefinition): boolean {
  return a !== undefined && equals(FunctionSchema$, withoutScaling(a), withoutScaling(b));
}
