import { Function as RemoteFunction } from "dorian";
import { benchServer } from "../harness/bench-server.ts";
import { compare, type Outcome } from "../harness/compare.ts";
import { deployPython } from "../harness/deploy-python.ts";
import { httpPeer } from "../harness/http-peer.ts";

const callsPerRound = 200;
const text = "x".repeat(200);
type Echo = (text: string) => Promise<string>;

/** A call of a warm function against an HTTP request to a bare Node server in a process of its own, 200 bytes each way. */
export async function run(): Promise<Outcome[]> {
  await using server = await benchServer("echo.ts");
  await deployPython(server.dataDirectory, "python_echo.py");
  await using peer = await httpPeer();
  const against = { name: "HTTP keep-alive echo, bare Node", round: () => block((sent) => peer.echo(sent)) };
  const outcomes: Outcome[] = [];
  for (const [language, app, aim] of [
    ["TypeScript", "bench-echo", 4],
    ["Python", "bench-python-echo", 6],
  ] as const) {
    const echo = RemoteFunction.fromName<Echo>(app, "echo");
    outcomes.push(
      await compare({
        title: `Warm call of a ${language} function, 200 bytes, one at a time (mean of ${callsPerRound} per round)`,
        unit: "ms",
        ours: {
          name: `remote() of a warm ${language} function`,
          round: () => block((sent) => echo.remote(sent)),
        },
        against,
        rounds: 10,
        aim,
      }),
    );
  }
  return outcomes;
}

async function block(echo: Echo): Promise<number> {
  const started = performance.now();
  for (let index = 0; index < callsPerRound; index += 1) {
    if ((await echo(text)) !== text) throw new Error("the echo differs");
  }
  return (performance.now() - started) / callsPerRound;
}
