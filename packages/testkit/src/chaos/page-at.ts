import { errnoOf } from "@dorian/base/app-error";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

/** Faults come one after the other: a page that is slow to start may meet several. */
const mostBroken = 5;

/**
 * What a page answers, on a connection of its own. As people at a browser do, it asks again when its connection breaks before the
 * answer has come; it is not patient with a server that is not there.
 */
export async function pageAt(url: string): Promise<string> {
  for (let broken = 0; ; broken += 1) {
    try {
      return await ask(url);
    } catch (error) {
      if (errnoOf(error) !== "ECONNRESET" || broken === mostBroken) throw error;
    }
  }
}

async function ask(url: string): Promise<string> {
  const [response] = (await once(get(url, { agent: false }), "response")) as [IncomingMessage];
  const body = await text(response);
  if (response.statusCode === 200) return body;
  throw new Error(`the page answered ${response.statusCode}: ${body}`);
}
