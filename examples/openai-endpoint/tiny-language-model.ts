// Learns from a few sentences which word follows which two, and writes that as an ONNX model: no weights have to be downloaded.
import { mkdir, writeFile } from "node:fs/promises";
import { lookUpModel } from "../embeddings/onnx-file.ts";

/** What the numbers of the model stand for. */
export interface Tokens {
  /** A word, or a mark of punctuation; the first one, which is empty, ends an answer. */
  words: string[];
  /** Rows of the model: the last two words, the last one alone, or none. */
  contexts: string[];
}

const unlikely = -30;

export async function writeTinyLanguageModel(directory: string, sentences: string[]): Promise<void> {
  const followers = new Map<string, string[]>();
  for (const sentence of sentences) {
    const words = [...wordsOf(sentence.charAt(0).toLowerCase() + sentence.slice(1)), ""];
    for (const [index, word] of words.entries()) {
      for (const context of contextsOf(words.slice(0, index)))
        followers.set(context, [...(followers.get(context) ?? []), word]);
    }
  }
  const words = ["", ...new Set([...followers.values()].flat().filter((word) => word !== ""))];
  const rows = [...followers.values()].map((seen) =>
    Float32Array.from(words, (word) => {
      const times = seen.filter((other) => other === word).length;
      return times === 0 ? unlikely : Math.log(times / seen.length);
    }),
  );
  const tokens: Tokens = { words, contexts: [...followers.keys()] };
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/model.onnx`, lookUpModel(rows));
  await writeFile(`${directory}/tokens.json`, JSON.stringify(tokens));
}

/** What the next word may be told from, the longest first. */
export function contextsOf(words: string[]): string[] {
  const last = words.slice(-2).map((word) => word.toLowerCase());
  return [last.join(" "), last.at(-1) ?? "", ""].filter(
    (context, index, all) => all.indexOf(context) === index,
  );
}

export function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
}
