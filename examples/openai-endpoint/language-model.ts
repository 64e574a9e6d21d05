// A language model in memory, and how an answer comes of it, word by word.
import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { contextsOf, wordsOf, type Tokens } from "./tiny-language-model.ts";

export interface Sampling {
  /** 0 takes the likeliest word each time; 1 takes words as often as they came. */
  temperature: number;
  maxTokens: number;
  seed: number;
}

export class LanguageModel {
  #session: InferenceSession;
  #tokens: Tokens;

  private constructor(session: InferenceSession, tokens: Tokens) {
    this.#session = session;
    this.#tokens = tokens;
  }

  static async load(directory: string): Promise<LanguageModel> {
    const [session, tokens] = await Promise.all([
      InferenceSession.create(`${directory}/model.onnx`),
      readFile(`${directory}/tokens.json`, "utf8"),
    ]);
    return new LanguageModel(session, JSON.parse(tokens) as Tokens);
  }

  count(text: string): number {
    return wordsOf(text).length;
  }

  /** Goes on from where the prompt ends, with a space before each word that needs one. */
  async *complete(prompt: string, sampling: Sampling): AsyncGenerator<string> {
    const random = randomFrom(sampling.seed);
    const words = wordsOf(prompt);
    for (let index = 0; index < sampling.maxTokens; index += 1) {
      const word = await this.#next(words, sampling.temperature, random);
      if (word === "") return;
      words.push(word);
      yield /^[\p{L}\p{N}]/u.test(word) && index > 0 ? ` ${word}` : word;
    }
  }

  async #next(words: string[], temperature: number, random: () => number): Promise<string> {
    const { contexts, words: known } = this.#tokens;
    const row =
      contextsOf(words)
        .map((context) => contexts.indexOf(context))
        .find((found) => found >= 0) ?? 0;
    const input = new Tensor("int64", BigInt64Array.from([BigInt(row)]), [1, 1]);
    const { last_hidden_state: output } = await this.#session.run({ input_ids: input });
    if (!output) throw new Error("The model has no output of that name.");
    const logits = [...(output.data as Float32Array)];
    if (temperature === 0) return known[logits.indexOf(Math.max(...logits))] ?? "";
    const weights = logits.map((logit) => Math.exp(logit / temperature));
    let rest = random() * weights.reduce((sum, weight) => sum + weight, 0);
    return known[weights.findIndex((weight) => (rest -= weight) < 0)] ?? "";
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
