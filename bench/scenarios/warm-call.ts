import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { RemoteFunction } from "@dorian/sdk/function/remote-function";
import { benchServer } from "../harness/bench-server.ts";
import { compare, type Outcome } from "../harness/compare.ts";

const callsPerRound = 200;
const text = "x".repeat(200);

/** A call of a warm function against an HTTP request to a bare Node server in a process of its own, 200 bytes each way. */
export async function run(): Promise<Outcome[]> {
  await using server = await benchServer("echo.ts");
  const echo = RemoteFunction.fromName<(text: string) => Promise<string>>("bench-echo", "echo");
  const peer = fork(new URL("../harness/http-echo.ts", import.meta.url));
  const [port] = (await once(peer, "message")) as [number];
  using agent = disposable(new Agent({ keepAlive: true, maxSockets: 1 }));
  const block = async (call: () => Promise<string>) => {
    const started = performance.now();
    for (let index = 0; index < callsPerRound; index += 1) {
      if ((await call()) !== text) throw new Error("the echo differs");
    }
    return (performance.now() - started) / callsPerRound;
  };
  try {
    return [
      await compare({
        title: `Warm call, 200 bytes, one at a time (mean of ${callsPerRound} per round)`,
        unit: "ms",
        ours: { name: "remote() of a warm function", round: () => block(() => echo.remote(text)) },
        against: {
          name: "HTTP keep-alive echo, bare Node",
          round: () => block(() => post(port, agent.value)),
        },
        rounds: 10,
        aim: 4,
      }),
    ];
  } finally {
    peer.kill();
    void server;
  }
}

function post(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ port, agent, method: "POST", host: "127.0.0.1" }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve(body)).on("error", reject);
    });
    call.on("error", reject).end(text);
  });
}

function disposable(value: Agent): { value: Agent } & Disposable {
  return { value, [Symbol.dispose]: () => value.destroy() };
}
