// Both ways of storing model weights: in a volume, where training puts them while the app runs, and in the image, where
// a build step puts them once.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import {
  App,
  Image,
  Volume,
  build,
  currentTaskId,
  enter,
  exit,
  method,
  parameter,
  startTimeline,
} from "dorian";
import { accuracy, classify, trainClassifier, type Classifier } from "./classifier.ts";
import { irises, species } from "./irises.ts";
import { mapTensor, readSafetensors, writeSafetensors } from "./safetensors.ts";
import { fillWithNoise, project } from "./random-projection.ts";
import { printTable, timed } from "./table.ts";

const volume = Volume.fromName("model-weights-vol", { createIfMissing: true });
export const app = new App("quickstart", { image: Image.debianSlim() });

// ---- Pattern 2: weights in a volume

export const train = app.function(
  { name: "train", volumes: { "/vol/models": volume } },
  async (modelId: string, epochs: number) => {
    const model = trainClassifier(irises, { epochs });
    await mkdir(`/vol/models/${modelId}`, { recursive: true });
    await writeFile(`/vol/models/${modelId}/model.safetensors`, writeSafetensors(model));
    await volume.commit();
    return { modelId, epochs, accuracy: accuracy(model, irises) };
  },
);

@app.cls({ gpu: "any", volumes: { "/vol/models": volume }, scaledownWindow: 2 })
export class Model {
  @parameter() modelId = "iris-a";
  #model: Classifier | undefined;
  #loads = 0;

  @enter() async setup() {
    await volume.reload();
    await this.#load();
  }

  /** Loads what was trained since, without a new container. */
  @method() async refresh() {
    await volume.reload();
    await this.#load();
  }

  @method() async inference(measurements: number[]) {
    if (!this.#model) throw new Error("setup() has not run");
    const label = species[classify(this.#model, measurements)];
    return {
      modelId: this.modelId,
      label,
      accuracy: accuracy(this.#model, irises),
      loads: this.#loads,
      taskId: currentTaskId(),
    };
  }

  @exit() async close() {
    console.log(`${this.modelId}: loaded ${this.#loads} time(s), closing`);
  }

  async #load() {
    this.#model = readSafetensors(
      await readFile(`/vol/models/${this.modelId}/model.safetensors`),
    ) as unknown as Classifier;
    this.#loads += 1;
  }
}

// ---- Pattern 1: weights in the image

const ROWS = 131_072;
const COLUMNS = 1024;
const WEIGHTS = "/weights/projection.safetensors";

@app.cls({ image: Image.debianSlim().npmInstall("koffi@3"), scaledownWindow: 2 })
export class Projection {
  #weights: Float32Array | undefined;

  /** Runs while the image is built; the file becomes a layer of it. 512 MiB of float32. */
  @build() async bakeWeights() {
    await mkdir("/weights", { recursive: true });
    await fillWithNoise(WEIGHTS, { rows: ROWS, columns: COLUMNS, seed: 7 });
  }

  /** Maps the file: nothing is read until it is used, and every container shares what was. */
  @enter() async setup() {
    this.#weights = await mapTensor(WEIGHTS, "projection");
  }

  @method() async embed(text: string) {
    if (!this.#weights) throw new Error("setup() has not run");
    return {
      embedding: project(this.#weights, text, { rows: ROWS, columns: COLUMNS }),
      bytes: this.#weights.byteLength,
      taskId: currentTaskId(),
    };
  }
}

app.localEntrypoint(async () => {
  const flower = [5.9, 3.0, 5.1, 1.8];

  console.log("\nPattern 2: weights in a volume");
  for (const modelId of ["iris-a", "iris-b"]) {
    const trained = await train.remote(modelId, 3);
    console.log(`  trained ${modelId} briefly: ${(trained.accuracy * 100).toFixed(1)} % of the irises right`);
  }
  const a = app.instance(Model, { modelId: "iris-a" });
  const b = app.instance(Model, { modelId: "iris-b" });
  const [fromA, fromB] = await Promise.all([a.inference.remote(flower), b.inference.remote(flower)]);
  console.log(
    `  iris-a says ${fromA.label}, iris-b says ${fromB.label}, each from a container of its own (${fromA.taskId !== fromB.taskId})`,
  );
  await train.remote("iris-b", 400);
  await b.refresh.remote();
  const after = await b.inference.remote(flower);
  console.log(
    `  iris-b, retrained and reloaded in the same container (${after.taskId === fromB.taskId}): ${(after.accuracy * 100).toFixed(1)} % right`,
  );

  console.log("\nPattern 1: weights in the image");
  const projection = app.instance(Projection);
  const first = await timed(() => projection.embed.remote("weights belong in the image"));
  const second = await timed(() => projection.embed.remote("weights belong in the image"));
  console.log(
    `  ${first.value.bytes / 1024 / 1024} MiB mapped; same text, same embedding: ${String(first.value.embedding) === String(second.value.embedding)}`,
  );
  // Longer than the scaledown window: the idle container is stopped meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const again = await timed(() => projection.embed.remote("weights belong in the image"));
  console.log(
    `  after the idle container was stopped, a new one answered (${again.value.taskId !== first.value.taskId})`,
  );

  printTable({
    firstStart: await startTimeline(first.value.taskId ?? ""),
    secondStart: await startTimeline(again.value.taskId ?? ""),
    coldCallMs: first.milliseconds,
    warmCallMs: second.milliseconds,
    secondColdCallMs: again.milliseconds,
  });
});
