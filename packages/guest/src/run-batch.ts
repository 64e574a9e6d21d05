import { AppError } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import { DataFormat, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { inputArguments } from "./input-arguments.ts";
import type { Program } from "./program.ts";
import { failureOf } from "./remote-error.ts";
import type { InputResult } from "./input-result.ts";
import { outputOf } from "./run-input.ts";
import type { RunningInput } from "./running-inputs.ts";

/**
 * Runs user code once on a batch of inputs, all of one method: it gets a list for each parameter, and gives back a list with a result
 * for each input. What it throws becomes the result of all of them. An input whose arguments cannot be had fails alone: the rest is run
 * without it.
 */
export async function runBatch(
  modal: ServiceClient<typeof ModalClient>,
  program: Program,
  batch: readonly RunningInput[],
): Promise<InputResult[]> {
  const inputs = await Promise.allSettled(
    batch.map(({ item, signal }) => inputArguments(modal, item.input, { signal })),
  );
  const runs = batch.flatMap(({ item }, index) => {
    const input = inputs[index];
    return input?.status === "fulfilled" ? [{ item, args: input.value }] : [];
  });
  const results = runs.length === 0 ? [] : await runTogether(program, runs);
  return inputs.map((input) =>
    input.status === "rejected" ? failed(input.reason) : must(results.shift(), "a result for each input"),
  );
}

async function runTogether(
  program: Program,
  inputs: readonly { item: RunningInput["item"]; args: unknown[] }[],
): Promise<InputResult[]> {
  try {
    const call = program.callable(inputs[0]?.item.input?.methodName ?? "");
    const results = await call(...listsOf(inputs.map(({ args }) => args)));
    checkResults(results, inputs.length);
    return inputs.map(({ item }, index) => resultOf(() => outputAt(results, index, item)));
  } catch (error) {
    return inputs.map(() => failed(error));
  }
}

/** A list for each parameter. An input that leaves out the last ones has undefined in their place. */
function listsOf(inputs: readonly unknown[][]): unknown[][] {
  const parameters = Math.max(...inputs.map((args) => args.length));
  return Array.from({ length: parameters }, (_, parameter) => inputs.map((args) => args[parameter]));
}

function checkResults(results: unknown, inputs: number): asserts results is readonly unknown[] {
  if (Array.isArray(results) && results.length === inputs) return;
  const what = Array.isArray(results) ? `a list of ${results.length}` : `no list but ${typeof results}`;
  throw new AppError(
    "BATCH_RESULT_INVALID",
    `The function answered a batch of ${inputs} ${inputs === 1 ? "input" : "inputs"} with ${what}.`,
    { remedy: "Return a list with one result for each input of the batch, in their order." },
  );
}

function outputAt(results: readonly unknown[], index: number, item: RunningInput["item"]): InputResult {
  const value = results[index];
  if (value instanceof Error) throw value;
  return outputOf(item, value, `result ${index} of the batch`);
}

function resultOf(make: () => InputResult): InputResult {
  try {
    return make();
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): InputResult {
  return { result: failureOf(error), dataFormat: DataFormat.CBOR };
}
