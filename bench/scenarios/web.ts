import { Function as RemoteFunction } from "dorian";
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { benchServer } from "../harness/bench-server.ts";
import { compare, type Outcome } from "../harness/compare.ts";

const requestsPerRound = 640;
const body = JSON.stringify({ numbers: [1, 2, 3, 4, 5, 6, 7, 8] });
const expected = '{"sum":36,"path":"/sum"}';

/**
 * A route on a warm container, one and 64 at once, against the same handler under bare Node HTTP in a process of its own, and against
 * what a route costs at the least where three processes share it.
 */
export async function run(): Promise<Outcome[]> {
  await using server = await benchServer("web.ts", ["--web-ports", "0"]);
  void server;
  const url = await RemoteFunction.fromName("bench-web", "route").url();
  await using bare = await peer("http-handler.ts");
  await using relay = await peer("http-relay.ts");
  const outcomes: Outcome[] = [];
  for (const atOnce of [1, 64]) {
    const per = atOnce === 1 ? "one at a time" : `${atOnce} at once`;
    for (const [name, { port }] of [
      ["the same handler, bare Node HTTP", bare],
      ["the same handler behind a bare relay of three processes", relay],
    ] as const)
      outcomes.push(
        await compare({
          title: `Route on a warm container, a small JSON each way, ${per} (mean time per request of ${requestsPerRound} per round)`,
          unit: "ms",
          ours: { name: "app.web() on a warm container", round: () => block(url, atOnce) },
          against: { name, round: () => block(`http://127.0.0.1:${port}`, atOnce) },
          rounds: 10,
          aim: 2,
        }),
      );
  }
  return outcomes;
}

/** A program of the harness that tells the port on which it answers. */
async function peer(file: string): Promise<{ port: number } & AsyncDisposable> {
  const child = fork(join(import.meta.dirname, "../harness", file));
  const [port] = (await once(child, "message")) as [number];
  return {
    port,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

async function block(url: string, atOnce: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  let left = requestsPerRound;
  const work = async () => {
    while (left-- > 0) {
      const answer = await post(`${url}/sum`, agent);
      if (answer !== expected) throw new Error(`the answer is ${answer}`);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, work));
  const took = (performance.now() - started) / requestsPerRound;
  agent.destroy();
  return took;
}

async function post(url: string, agent: Agent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { "content-type": "application/json", "content-length": body.length };
  const outgoing = request(url, { method: "POST", agent, headers }, (incoming) => {
    let text = "";
    incoming.setEncoding("utf8");
    incoming.on("data", (part: string) => (text += part)).once("end", () => resolve(text));
    incoming.once("error", reject);
  });
  outgoing.once("error", reject);
  outgoing.end(body);
  return await promise;
}
