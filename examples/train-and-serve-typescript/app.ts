// Trains small language models into a volume, and serves each from a container of its own.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { App, Volume, enter, method, parameter } from "dorian";
import { bitsPerLetter, invent, learn, type LetterModel } from "./letters.ts";
import { minerals, rivers } from "./names.ts";

const volume = Volume.fromName("letter-models", { createIfMissing: true });
export const app = new App("train-and-serve-typescript", { volumes: { "/models": volume } });

const fileOf = (modelId: string) => `/models/${modelId}/model.json`;

/** What it has written is in the volume when its answer is there. */
export const train = app.function(
  { name: "train" },
  async (modelId: string, names: string[], memory: number) => {
    const model = learn(names, memory);
    await mkdir(`/models/${modelId}`, { recursive: true });
    await writeFile(fileOf(modelId), JSON.stringify(model));
    return bitsPerLetter(model, names);
  },
);

@app.cls({ scaledownWindow: 2 })
export class Names {
  @parameter() modelId = "rivers-3";
  #model: LetterModel | undefined;

  /** Runs once in each container: calls find the model in memory. */
  @enter() async load() {
    this.#model = JSON.parse(await readFile(fileOf(this.modelId), "utf8")) as LetterModel;
  }

  @method() async invent(count: number, seed = 1) {
    const model = this.#model;
    if (!model) throw new Error("load() has not run");
    const random = randomFrom(seed);
    return Array.from({ length: count }, () => invent(model, random));
  }
}

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

app.localEntrypoint(async () => {
  const lessons = Object.entries({ rivers, minerals }).flatMap(([subject, names]) =>
    [1, 2, 3].map((memory) => ({ modelId: `${subject}-${memory}`, names, memory })),
  );
  const bits = await Promise.all(
    lessons.map(({ modelId, names, memory }) => train.remote(modelId, names, memory)),
  );
  for (const [index, { modelId, names }] of lessons.entries()) {
    const invented = await app.instance(Names, { modelId }).invent.remote(20, 5);
    const unheardOf = new Set(invented.filter((name) => !names.includes(name)));
    const learned = `${modelId.padEnd(11)} ${bits[index]?.toFixed(2)} bits a letter`;
    console.log(`${learned}  ${[...unheardOf].slice(0, 6).join(", ")}`);
  }
});
