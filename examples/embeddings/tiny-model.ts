// Makes a tiny model of embeddings that transformers.js loads like any other: a tokenizer, a configuration and an ONNX file.
// Its vectors are learned from a few sentences, by which words stand together: no weights have to be downloaded.
import { mkdir, writeFile } from "node:fs/promises";
import { lookUpModel } from "./onnx-file.ts";

const dimensions = 256;
/** Tokens that are no words: what fills up the shorter texts of a batch, and what stands for words that are not known. */
const padding = "[PAD]";
const unknown = "[UNK]";

export async function writeTinyModel(directory: string, sentences: string[]): Promise<void> {
  const vectors = learnVectors(sentences);
  const nothing = new Float32Array(dimensions);
  const vocabulary = [padding, unknown, ...vectors.keys()];
  await mkdir(`${directory}/onnx`, { recursive: true });
  await Promise.all([
    write("onnx/model.onnx", lookUpModel([nothing, nothing, ...vectors.values()])),
    write("config.json", { model_type: "bert", hidden_size: dimensions, vocab_size: vocabulary.length }),
    write("tokenizer_config.json", {
      tokenizer_class: "PreTrainedTokenizer",
      pad_token: padding,
      unk_token: unknown,
    }),
    write("tokenizer.json", tokenizer(vocabulary)),
  ]);
  async function write(name: string, content: object) {
    await writeFile(`${directory}/${name}`, Buffer.isBuffer(content) ? content : JSON.stringify(content));
  }
}

/**
 * Random indexing: each sentence gets a random vector, and a word the sum of those of its sentences; then a sentence gets the sum of its
 * words', and so on. Words come close that stand beside the same others, rare words count more than frequent ones.
 */
function learnVectors(sentences: string[]): Map<string, Float32Array> {
  const texts = sentences.map((sentence) =>
    sentence
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter((word) => word !== ""),
  );
  const appearances = Map.groupBy(texts.flat(), (word) => word);
  const weight = (word: string) => Math.log(sentences.length / (appearances.get(word)?.length ?? 1)) ** 2;
  const random = randomFrom(7);
  let ofTexts: Float32Array[] = texts.map(() =>
    Float32Array.from({ length: dimensions }, () => random() - 0.5),
  );
  let ofWords = new Map<string, Float32Array>();
  for (let round = 0; round < 3; round += 1) {
    ofWords = new Map(
      [...appearances.keys()].map((word) => [
        word,
        scaled(sumOf(ofTexts.filter((_, index) => texts[index]?.includes(word))), weight(word)),
      ]),
    );
    ofTexts = texts.map((words) => sumOf(words.flatMap((word) => ofWords.get(word) ?? [])));
  }
  return ofWords;
}

function sumOf(vectors: Float32Array[]): Float32Array {
  const sum = new Float32Array(dimensions);
  for (const vector of vectors)
    for (const [index, value] of vector.entries()) sum[index] = (sum[index] ?? 0) + value;
  return sum;
}

/** In the same direction, with the given length. */
function scaled(vector: Float32Array, length: number): Float32Array {
  const factor = length / Math.hypot(...vector);
  return vector.map((value) => value * factor);
}

/** Lower case, split at whatever is no letter; a token for each word. */
function tokenizer(vocabulary: string[]) {
  return {
    version: "1.0",
    added_tokens: [],
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordPiece",
      unk_token: unknown,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((word, index) => [word, index])),
    },
  };
}

// xorshift32: short, and the same everywhere.
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}
