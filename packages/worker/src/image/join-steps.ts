import { AppError } from "@dorian/base/app-error";
import type { LayerStore } from "@dorian/storage/layer-store";
import { squash } from "@dorian/storage/squash";

/** A stack in which the layers of steps that follow each other are one: each layer costs every container that looks a file up. */
export async function joinSteps(
  layers: LayerStore,
  stack: readonly string[],
  ofSteps: ReadonlySet<string>,
): Promise<string[]> {
  const joined: string[] = [];
  let run: string[] = [];
  const close = async () => {
    joined.push(...(run.length > 1 ? await join(layers, run, { keepWhiteouts: joined.length > 0 }) : run));
    run = [];
  };
  for (const layerId of stack) {
    if (ofSteps.has(layerId)) {
      run.push(layerId);
      continue;
    }
    await close();
    joined.push(layerId);
  }
  await close();
  return joined;
}

async function join(
  layers: LayerStore,
  run: readonly string[],
  options: { keepWhiteouts: boolean },
): Promise<readonly string[]> {
  try {
    return [await squash(layers, run, options)];
  } catch (error) {
    // As they are they are as good.
    if (AppError.is(error) && error.code === "FILE_NAME_NOT_UTF8") return run;
    throw error;
  }
}
