import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { prepareSeed, seededData } from "@dorian/testkit/seeded-data";
import { compare, type Outcome } from "../harness/compare.ts";

const inputs = 10_000;
const apps = join(import.meta.dirname, "../apps");

/** `map` of the official client over 10,000 inputs of 5 ms in four containers, against four processes of a local pool. */
export async function run(): Promise<Outcome[]> {
  await prepareSeed();
  await using data = await seededData();
  await using server = await DorianProcess.start({ dataDirectory: data.path });
  void server;
  const client = await ModalClient.open(modalVersions.newest, data.path);
  const deployed = await client.modal(["deploy", "map.py"], { cwd: apps });
  if (deployed.code !== 0) throw new Error(deployed.stdout + deployed.stderr);
  await using rounds = askPython(client);
  return [
    await compare({
      title: `map of ${inputs} inputs of 5 ms each, four at a time`,
      unit: "s",
      ours: { name: "map() in four warm containers", round: () => rounds.ask(`map ${inputs}`) },
      against: { name: "ProcessPoolExecutor(4).map()", round: () => rounds.ask(`pool ${inputs}`) },
      rounds: 3,
      aim: 4,
    }),
  ];
}

/** One Python process for all rounds: its start is no part of what is measured. */
function askPython(client: ModalClient): { ask(line: string): Promise<number> } & AsyncDisposable {
  const child = spawn(join(client.directory, "bin/python"), [join(apps, "map_rounds.py")], {
    env: { ...process.env, ...client.environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error("The Python process of the bench has ended.");
      return Number(value);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
