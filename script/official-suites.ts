import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runOfficialSuites } from "@dorian/testkit/official-suites/run-official-suites";
import { isClean, pageOf, renderReport, reportOf } from "@dorian/testkit/official-suites/suites-report";
import { suiteNames } from "@dorian/testkit/official-suites/test-outcome";
import { prepareSeeds } from "@dorian/testkit/seeded-data";

const { values } = parseArgs({
  options: {
    checkout: { type: "string" },
    only: { type: "string" },
    filter: { type: "string" },
    data: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const suites = suiteNames.filter((name) => values.only === undefined || values.only === name);
if (values.checkout === undefined || suites.length === 0) {
  console.error(
    "usage: script/official-suites --checkout DIR [--only js|go] [--filter REGEX] [--data DIR] [--json]\n" +
      "DIR is a git checkout of the official clients' repository, with the folders js, go and test-support.",
  );
  process.exit(2);
}
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));

try {
  await prepareSeeds();
  const run = await runOfficialSuites({
    source: values.checkout,
    suites,
    filter: values.filter,
    dataDirectory: values.data,
    onStep: (text) => console.error(text),
    signal: stopping.signal,
  });
  const report = reportOf(run);
  console.log(values.json ? JSON.stringify(report, undefined, 2) : renderReport(report));
  process.exitCode = isClean(report) ? 0 : 1;
  const isWhole = suites.length === suiteNames.length && values.filter === undefined;
  if (isWhole) {
    const root = join(import.meta.dirname, "..");
    const { version } = JSON.parse(readFileSync(join(root, "packages/dorian/package.json"), "utf8")) as {
      version: string;
    };
    const page = pageOf(report, { date: new Date(), dorian: version });
    writeFileSync(join(root, "docs/official-suites.md"), page);
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error;
  console.error(`${stopping.signal.reason}`);
  process.exitCode = 130;
}
