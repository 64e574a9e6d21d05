// Search by meaning: the weights of a small public model are fetched into a volume once, and kept in memory between calls.
import { access, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { App, Volume, enter, method, parameter } from "dorian";
import { StaticModel } from "./static-model.ts";

const volume = Volume.fromName("my-app-weights", { createIfMissing: true });
const weights = "/weights";
const hub = process.env["HF_ENDPOINT"] ?? "https://huggingface.co";

export const app = new App("my-app", { volumes: { [weights]: volume } });

/** Fetches a model unless it is there. What it writes is committed when it ends. */
export const fetchModel = app.function(
  { name: "fetch-model", timeout: 600 },
  async (model: string): Promise<string> => {
    const directory = `${weights}/${model}`;
    await mkdir(directory, { recursive: true });
    let fetched = 0;
    for (const name of ["tokenizer.json", "model.safetensors"]) {
      const path = `${directory}/${name}`;
      if (await isThere(path)) continue;
      const response = await fetch(`${hub}/${model}/resolve/main/${name}`);
      if (!response.ok) throw new Error(`${response.url} answers ${response.status}.`);
      const content = new Uint8Array(await response.arrayBuffer());
      await writeFile(`${path}.part`, content);
      await rename(`${path}.part`, path);
      fetched += content.length;
    }
    return fetched === 0 ? `${model} is there.` : `Fetched ${model}: ${fetched} bytes.`;
  },
);

@app.cls({ scaledownWindow: 60 })
export class Embedder {
  @parameter() model = "minishlab/potion-base-2M";
  #model: StaticModel | undefined;

  /** Runs once for each container. */
  @enter() async load() {
    const directory = `${weights}/${this.model}`;
    const [tokenizer, tensors] = await Promise.all([
      readFile(`${directory}/tokenizer.json`, "utf8"),
      readFile(`${directory}/model.safetensors`),
    ]);
    this.#model = new StaticModel(tokenizer, tensors);
  }

  /** The sentences, the nearest in meaning first. */
  @method() async nearest(
    query: string,
    sentences: string[],
  ): Promise<{ sentence: string; score: number }[]> {
    if (!this.#model) throw new Error("load() has not run.");
    const asked = this.#model.embed(query);
    const scored = sentences.map((sentence) => {
      const vector = this.#model?.embed(sentence) ?? [];
      return { sentence, score: vector.reduce((sum, value, index) => sum + value * (asked[index] ?? 0), 0) };
    });
    return scored.toSorted((one, other) => other.score - one.score);
  }
}

const sentences = [
  "The orchestra plays a symphony by Mahler.",
  "Saturn has more moons than Jupiter.",
  "Knead the dough and let it rise for an hour.",
  "The train to Vienna leaves from platform four.",
];

app.localEntrypoint(async (query: string = "baking bread") => {
  const embedder = app.instance(Embedder);
  console.log(await fetchModel.remote("minishlab/potion-base-2M"));
  for (const { sentence, score } of await embedder.nearest.remote(query, sentences))
    console.log(`${score.toFixed(2)}  ${sentence}`);
});

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
