import { parseArgs } from "node:util";
import { runChaos } from "@dorian/testkit/chaos/chaos";
import { faults, type FaultName } from "@dorian/testkit/chaos/chaos-faults";
import { isClean, renderReport } from "@dorian/testkit/chaos/chaos-table";
import { prepareSeeds } from "@dorian/testkit/seeded-data";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1e6) },
    fault: { type: "string", multiple: true },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const unknown = (values.fault ?? []).filter((name) => !Object.hasOwn(faults, name));
if (!(minutes > 0) || !Number.isSafeInteger(seed) || unknown.length > 0) {
  console.error(`usage: script/chaos [--minutes 60] [--seed N] [--fault NAME]...
faults: ${Object.keys(faults).join(", ")}`);
  process.exit(2);
}
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));

await prepareSeeds();
const report = await runChaos({
  minutes,
  seed,
  ...(values.fault && { faults: values.fault as FaultName[] }),
  onTurn: (text) => console.error(text),
  signal: stopping.signal,
});
console.log(renderReport(report));
process.exitCode = isClean(report) ? 0 : 1;
