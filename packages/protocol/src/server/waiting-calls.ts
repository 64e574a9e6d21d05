import type { DescMethod } from "@bufbuild/protobuf";

/** What a request names the time for which its caller is ready to wait. */
const waitFields = new Set(["timeout", "item_poll_timeout"]);

/** Calls that wait for as long as it takes, and do not say so. */
const waits = new Set(["FunctionGetInputs", "TaskExecWait"]);

/**
 * Does a call wait for something to happen, and do nothing of its own meanwhile? Its caller may be told to call again. A stream does:
 * what it brings is there for the next one, too.
 */
export function isWait(method: DescMethod): boolean {
  return (
    method.methodKind !== "unary" ||
    waits.has(method.name) ||
    method.input.fields.some(({ name }) => waitFields.has(name))
  );
}
