// The web service: a program of Node in front of the deployed class.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Cls } from "dorian";

const reader = Cls.fromName<typeof import("./app.ts").Reader>("my-app", "Reader").instance();
const maxBytes = 1_000_000;

const server = createServer(async (request, response) => {
  const answer = (status: number, content: unknown) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(`${JSON.stringify(content)}\n`);
  };
  try {
    if (request.method !== "POST" || request.url !== "/read")
      return answer(404, { error: "Send text to POST /read." });
    const text = await bodyOf(request);
    if (text === undefined) return answer(413, { error: `Send at most ${maxBytes} bytes.` });
    answer(200, await reader.read.remote(text));
  } catch (error) {
    console.error(error);
    answer(502, { error: "The app did not answer." });
  }
});

server.listen(Number(process.env["PORT"] ?? 8080), "127.0.0.1", () => {
  console.log(`Listening at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

/** Undefined for more than is taken. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
