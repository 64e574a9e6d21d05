import { join } from "node:path";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { prepareSeeds, seededData } from "@dorian/testkit/seeded-data";
import { askPython } from "../harness/ask-python.ts";
import { compare, type Outcome } from "../harness/compare.ts";

const inputs = 10_000;
const apps = join(import.meta.dirname, "../apps");

/** `map` of the official client over 10,000 inputs of 5 ms in four containers, against four processes of a local pool. */
export async function run(): Promise<Outcome[]> {
  await prepareSeeds();
  await using data = await seededData([modalVersions.newest]);
  await using server = await DorianProcess.start({ dataDirectory: data.path });
  void server;
  const client = await ModalClient.open(modalVersions.newest, data.path);
  const deployed = await client.modal(["deploy", "map.py"], { cwd: apps });
  if (deployed.code !== 0) throw new Error(deployed.stdout + deployed.stderr);
  await using rounds = askPython(client, "map_rounds.py");
  return [
    await compare({
      title: `map of ${inputs} inputs of 5 ms each, four at a time`,
      unit: "s",
      ours: {
        name: "map() in four warm containers",
        round: async () => Number(await rounds.ask(`map ${inputs}`)),
      },
      against: {
        name: "ProcessPoolExecutor(4).map()",
        round: async () => Number(await rounds.ask(`pool ${inputs}`)),
      },
      rounds: 3,
      aim: 2,
    }),
  ];
}
