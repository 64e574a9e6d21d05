// Asks the endpoint with OpenAI's own client, which runs in a container as well.
import OpenAI from "openai";
import { App, Cls, Image, Secret } from "dorian";

const app = new App("openai-client", {
  image: Image.debianSlim().npmInstall("openai@6"),
  secrets: [Secret.fromName("openai-endpoint")],
});

const ask = app.function({ name: "ask" }, async function* (baseURL: string, question: string) {
  const client = new OpenAI({ baseURL, apiKey: process.env["API_KEY"] });
  const models = await client.models.list();
  yield `models: ${models.data.map(({ id }) => id).join(", ")}\n`;
  const messages = [{ role: "user" as const, content: question }];
  const words = await client.chat.completions.create({
    model: "tiny",
    messages,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const { choices, usage } of words) {
    yield choices[0]?.delta.content ?? "";
    if (usage) yield `\n${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out\n`;
  }
  const whole = await client.chat.completions.create({ model: "tiny", messages, temperature: 0.7, seed: 3 });
  yield `another: ${whole.choices[0]?.message.content}\n`;
  const wrong = await client.chat.completions
    .create({ model: "large", messages })
    .catch((error: Error) => error);
  yield `${(wrong as Error).message}\n`;
});

app.localEntrypoint(async (question: string = "The driver") => {
  const chat = Cls.fromName<typeof import("./app.ts").Chat>("openai-endpoint", "Chat").instance();
  for await (const text of ask.remote(`${await chat.openai.url()}/v1`, question)) process.stdout.write(text);
});
