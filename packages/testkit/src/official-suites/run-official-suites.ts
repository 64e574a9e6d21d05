import { join } from "node:path";
import { DorianProcess } from "../dorian-process.ts";
import { modalVersions } from "../modal-client.ts";
import { seededData } from "../seeded-data.ts";
import { runGoSuite } from "./go-suite.ts";
import { runJavaScriptSuite } from "./javascript-suite.ts";
import { standInImages } from "./stand-in-images.ts";
import { prepareCheckout } from "./suite-checkout.ts";
import { deploySupport } from "./support-apps.ts";
import type { SuiteName, TestOutcome } from "./test-outcome.ts";

export interface OfficialSuitesOptions {
  /** The user's checkout of the official repository. */
  source: string;
  suites: readonly SuiteName[];
  filter: string | undefined;
  /** Where the server keeps its data; undefined: in a directory of its own, gone afterwards. */
  dataDirectory: string | undefined;
  onStep: (text: string) => void;
  signal: AbortSignal;
}

export interface SuitesRun {
  commit: string;
  version: string;
  suites: readonly SuiteName[];
  outcomes: TestOutcome[];
}

const suiteRuns = { js: runJavaScriptSuite, go: runGoSuite };

/** Runs the official clients' own suites, unmodified, against a server of its own. */
export async function runOfficialSuites(options: OfficialSuitesOptions): Promise<SuitesRun> {
  const { source, suites, filter, onStep, signal } = options;
  onStep("preparing a copy of the checkout");
  const { directory, commit, version } = await prepareCheckout(source, { suites, signal });
  await using cleanup = new AsyncDisposableStack();
  const images = cleanup.use(await standInImages());
  const dataDirectory =
    options.dataDirectory ??
    cleanup.use(await seededData([modalVersions.newest, modalVersions.between])).path;
  cleanup.use(await DorianProcess.start({ dataDirectory, env: images.env }));
  onStep("deploying the support apps");
  const env = await deploySupport(dataDirectory, { directory, signal });
  const outcomes: TestOutcome[] = [];
  for (const suite of suites) {
    onStep(`running the suite of ${join(directory, suite)}`);
    outcomes.push(...(await suiteRuns[suite]({ cwd: join(directory, suite), env, filter, signal })));
  }
  return { commit, version, suites, outcomes };
}
