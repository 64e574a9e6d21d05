import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";

export interface HttpPeer extends AsyncDisposable {
  /** Posts text over a connection that stays open. Resolves to the text that came back. */
  echo(text: string): Promise<string>;
}

/** An HTTP server in a process of its own that sends back what it gets. */
export async function httpPeer(): Promise<HttpPeer> {
  const peer = fork(new URL("http-echo.ts", import.meta.url));
  const [port] = (await once(peer, "message")) as [number];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    echo: (text) => post(port, agent, text),
    async [Symbol.asyncDispose]() {
      agent.destroy();
      const ended = once(peer, "exit");
      peer.kill();
      await ended;
    },
  };
}

function post(port: number, agent: Agent, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ port, agent, method: "POST", host: "127.0.0.1" }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve(body)).on("error", reject);
    });
    call.on("error", reject).end(text);
  });
}
