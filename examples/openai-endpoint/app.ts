// Serves a language model in the manner of OpenAI: whatever speaks to that API speaks to this one.
import { randomUUID } from "node:crypto";
import { App, Image, Secret, build, enter, serverSentEvents, web } from "dorian";
import { sentences } from "../embeddings/sentences.ts";
import { LanguageModel, type Sampling } from "./language-model.ts";
import { writeTinyLanguageModel } from "./tiny-language-model.ts";

const directory = "/models/tiny";
const modelId = "tiny";

const image = Image.debianSlim()
  // The runtime for CPUs is in the npm package; only those for GPUs would have to be fetched from elsewhere.
  .env({ ONNXRUNTIME_NODE_INSTALL: "skip" })
  .npmInstall("onnxruntime-node@1");

export const app = new App("openai-endpoint", {
  image,
  secrets: [Secret.fromName("openai-endpoint", { requiredKeys: ["API_KEY"] })],
});

interface ChatRequest {
  model: string;
  messages: { role: string; content: string }[];
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  temperature?: number;
  max_tokens?: number;
  max_completion_tokens?: number;
  seed?: number;
}

@app.cls({ scaledownWindow: 60, maxConcurrentInputs: 20 })
export class Chat {
  #model: LanguageModel | undefined;

  /** Runs while the image is built: the weights become a layer of it. */
  @build() async makeModel() {
    await writeTinyLanguageModel(directory, sentences);
  }

  @enter() async load() {
    this.#model = await LanguageModel.load(directory);
  }

  @web() async openai(request: Request): Promise<Response> {
    if (request.headers.get("authorization") !== `Bearer ${process.env["API_KEY"]}`)
      return refusal(401, "invalid_api_key", "The key is not that of the secret.");
    const { pathname } = new URL(request.url);
    if (request.method === "GET" && pathname === "/v1/models")
      return Response.json({ object: "list", data: [{ id: modelId, object: "model", owned_by: "you" }] });
    if (request.method === "POST" && pathname === "/v1/chat/completions")
      return await this.#chat((await request.json()) as ChatRequest);
    return refusal(404, "not_found", `${request.method} ${pathname} is not served.`);
  }

  async #chat(asked: ChatRequest): Promise<Response> {
    const model = this.#model;
    if (!model) throw new Error("load() has not run");
    if (asked.model !== modelId)
      return refusal(404, "model_not_found", `There is no model "${asked.model}", only "${modelId}".`);
    const prompt = asked.messages.at(-1)?.content;
    if (typeof prompt !== "string") return refusal(400, "invalid_request", "The last message has no text.");
    const sampling: Sampling = {
      temperature: asked.temperature ?? 1,
      maxTokens: Math.min(asked.max_completion_tokens ?? asked.max_tokens ?? 64, 256),
      seed: asked.seed ?? Math.floor(Math.random() * 2 ** 31),
    };
    const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: modelId };
    const usageOf = (text: string) => {
      const [before, after] = [model.count(prompt), model.count(text)];
      return { prompt_tokens: before, completion_tokens: after, total_tokens: before + after };
    };
    if (asked.stream)
      return serverSentEvents(this.#chunks(model.complete(prompt, sampling), head, asked, usageOf));
    let text = "";
    for await (const word of model.complete(prompt, sampling)) text += word;
    const message = { role: "assistant", content: text };
    return Response.json({
      ...head,
      object: "chat.completion",
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: usageOf(text),
    });
  }

  /** One event for each word. When the client leaves, the model stops. */
  async *#chunks(
    words: AsyncIterable<string>,
    head: object,
    asked: ChatRequest,
    usageOf: (text: string) => object,
  ) {
    const chunk = (delta: object, finished: "stop" | null) => ({
      data: {
        ...head,
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta, finish_reason: finished }],
      },
    });
    let text = "";
    yield chunk({ role: "assistant", content: "" }, null);
    for await (const word of words) {
      text += word;
      yield chunk({ content: word }, null);
    }
    yield chunk({}, "stop");
    if (asked.stream_options?.include_usage)
      yield { data: { ...head, object: "chat.completion.chunk", choices: [], usage: usageOf(text) } };
    yield "[DONE]";
  }
}

/** An error as clients of OpenAI read it. */
function refusal(status: number, code: string, message: string): Response {
  return Response.json({ error: { message, code, type: "invalid_request_error", param: null } }, { status });
}
