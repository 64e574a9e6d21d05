import { errnoOf } from "@dorian/base/app-error";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

/**
 * What a page answers, on a connection of its own. As a browser does, it asks once more when its connection breaks before the answer
 * has come; it is not patient with a server that is not there.
 */
export async function pageAt(url: string): Promise<string> {
  try {
    return await ask(url);
  } catch (error) {
    if (errnoOf(error) !== "ECONNRESET") throw error;
    return await ask(url);
  }
}

async function ask(url: string): Promise<string> {
  const [response] = (await once(get(url, { agent: false }), "response")) as [IncomingMessage];
  const body = await text(response);
  if (response.statusCode === 200) return body;
  throw new Error(`the page answered ${response.statusCode}: ${body}`);
}
