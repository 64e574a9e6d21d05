// Finds sentences by their meaning: transformers.js turns texts into vectors, with weights that lie in the image.
import { env, pipeline, type FeatureExtractionPipeline } from "@huggingface/transformers";
import { App, Image, build, enter, method } from "dorian";
import { sentences } from "./sentences.ts";
import { writeTinyModel } from "./tiny-model.ts";

const models = "/models";
const model = "tiny-sentences";

const image = Image.debianSlim()
  // The runtime for CPUs is in the npm package; only those for GPUs would have to be fetched from elsewhere.
  .env({ ONNXRUNTIME_NODE_INSTALL: "skip" })
  .npmInstall("@huggingface/transformers@4");

export const app = new App("embeddings", { image });

@app.cls({ scaledownWindow: 2 })
export class Embedder {
  #embed: FeatureExtractionPipeline | undefined;

  /** Runs while the image is built: the weights become a layer of it. */
  @build() async makeModel() {
    await writeTinyModel(`${models}/${model}`, sentences);
  }

  @enter() async load() {
    env.localModelPath = models;
    env.allowRemoteModels = false;
    this.#embed = await pipeline("feature-extraction", model, { dtype: "fp32" });
  }

  /** A vector of length 1 for each text: the mean of those of its words. */
  @method() async embed(texts: string[]): Promise<number[][]> {
    if (!this.#embed) throw new Error("load() has not run");
    const vectors = await this.#embed(texts, { pooling: "mean", normalize: true });
    return vectors.tolist() as number[][];
  }
}

app.localEntrypoint(async () => {
  const embedder = app.instance(Embedder);
  const questions = [
    "the moons of Saturn",
    "sugar and yeast",
    "steel and a signal",
    "Who sings with the orchestra?",
  ];
  const [known = [], asked = []] = await Promise.all([
    embedder.embed.remote(sentences),
    embedder.embed.remote(questions),
  ]);
  for (const [index, question] of questions.entries()) {
    const ranked = known
      .map((vector, at) => ({ sentence: sentences[at], score: dot(vector, asked[index] ?? []) }))
      .toSorted((a, b) => b.score - a.score);
    console.log(`\n${question}`);
    for (const { sentence, score } of ranked.slice(0, 3)) console.log(`  ${score.toFixed(2)}  ${sentence}`);
  }
});

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
