// What the web service calls: it runs in containers, and keeps what it has loaded in memory between requests.
import { App, enter, method } from "dorian";

export const app = new App("my-app");

export interface Answer {
  text: string;
  words: number;
  /** How many requests this container has answered. */
  answered: number;
}

// A container takes ten requests at a time, and waits a minute for the next.
@app.cls({ scaledownWindow: 60, maxConcurrentInputs: 10 })
export class Reader {
  #splitter: Intl.Segmenter | undefined;
  #answered = 0;

  /** Loads once what is costly: here no more than a table of word boundaries. */
  @enter() async load() {
    this.#splitter = new Intl.Segmenter("en", { granularity: "word" });
  }

  @method() async read(text: string): Promise<Answer> {
    if (!this.#splitter) throw new Error("load() has not run.");
    const words = [...this.#splitter.segment(text)].filter(({ isWordLike }) => isWordLike).length;
    this.#answered++;
    return { text: text.slice(0, 80), words, answered: this.#answered };
  }
}
