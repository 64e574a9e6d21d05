import { dorian } from "@dorian/testkit/run-command";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { modalVersions } from "@dorian/testkit/modal-client";
import { prepareSeeds, seededData } from "@dorian/testkit/seeded-data";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { compare, type Outcome } from "../harness/compare.ts";

const app = `
import { App } from "dorian";
export const app = new App("second-run");
export const hello = app.function({ name: "hello" }, async () => "hello");
app.localEntrypoint(async () => console.log(await hello.remote()));
`;

/** \`dorian run\` with nothing changed, a cold container included, against the second it may take. */
export async function run(): Promise<Outcome[]> {
  await prepareSeeds();
  await using data = await seededData([modalVersions.newest]);
  await using project = await temporaryDirectory({ "app.ts": app });
  await using server = await DorianProcess.start({ dataDirectory: data.path });
  void server;
  const timed = async (args: string[]) => {
    const started = performance.now();
    const result = await dorian(data.path, args, { cwd: project.path });
    if (result.code !== 0) throw new Error(result.stderr);
    return performance.now() - started;
  };
  return [
    await compare({
      title: "Second run of an unchanged app, whole command (must stay below 1000 ms)",
      unit: "ms",
      ours: { name: "dorian run app.ts", round: () => timed(["run", "app.ts"]) },
      against: { name: "dorian volume list: a command and one call", round: () => timed(["volume", "list"]) },
      rounds: 10,
      aim: 4,
    }),
  ];
}
