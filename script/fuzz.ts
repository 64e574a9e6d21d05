import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { methodEntries } from "@dorian/protocol/service";
import { TaskCommandRouter } from "@dorian/protocol/task-command-router";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { fuzzClient, fuzzServer } from "@dorian/testkit/http2-fuzz";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";

const { values } = parseArgs({ options: { minutes: { type: "string" }, seed: { type: "string" } } });
const minutes = Number(values.minutes ?? "1");
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
console.log(`${minutes} minutes, half for each role, with seed ${seed}`);

await using data = await temporaryDirectory({});
await using server = await DorianProcess.start({ dataDirectory: data.path, command: "server" });
const file = JSON.parse(await readFile(join(data.path, "client.json"), "utf8")) as Record<string, string>;
const token: Record<string, string> = {
  "x-modal-token-id": file["tokenId"] ?? "",
  "x-modal-token-secret": file["tokenSecret"] ?? "",
};
const url = file["url"] ?? "";
using connection = new Connection({ url, metadata: token });
const modal = createClient(ModalClient, connection);
const canary = async () => void (await modal.volumeList({}, { signal: AbortSignal.timeout(10_000) }));
const half = () => AbortSignal.timeout((minutes * 60_000) / 2);

const [first = "/", ...others] = [ModalClient, OperatorService, TaskCommandRouter].flatMap((service) =>
  methodEntries(service).map(([, method]) => `/${service.typeName}/${method.name}`),
);
const calls = { paths: [first, ...others] as const, fields: Object.entries(token) };
const served = await fuzzServer({ port: Number(new URL(url).port) }, calls, { seed, signal: half(), canary });
console.log(`${served} conversations with a server, which goes on`);
const foreseen = server.output.split("\n").filter((line) => line.includes("failed unexpectedly"));
if (foreseen.length > 0)
  throw new Error(`The server did not foresee something:\n${foreseen.slice(0, 5).join("\n")}`);

const call = async (address: string, signal: AbortSignal) => {
  using fuzzed = new Connection({ url: address });
  const client = createClient(ModalClient, fuzzed);
  const logs = async () => {
    for await (const batch of client.appGetLogs({}, { signal })) void batch;
  };
  await Promise.allSettled([client.volumeList({}, { signal }), logs()]);
};
const called = await fuzzClient(call, { seed, signal: half(), canary });
console.log(`${called} conversations with a client, whose calls all ended`);
