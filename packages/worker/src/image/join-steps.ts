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
    const keepWhiteouts = joined.length > 0;
    joined.push(...(run.length > 1 ? [await squash(layers, run, { keepWhiteouts })] : run));
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
