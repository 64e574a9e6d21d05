import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { suiteProcess, type SuiteCommand } from "./suite-process.ts";
import type { TestOutcome } from "./test-outcome.ts";

interface Event {
  Action: string;
  Package?: string;
  Test?: string;
  Output?: string;
}

const packages = [".", "./test"];
/** Longer than all tests of one package take where each of them passes. */
const limit = "15m";

/** Runs the Go suite; with a filter only the tests whose names match it. */
export async function runGoSuite(
  options: SuiteCommand & { filter: string | undefined },
): Promise<TestOutcome[]> {
  const filter = options.filter === undefined ? [] : ["-run", options.filter];
  const { stdout, stderr } = await suiteProcess(
    ["go", "test", "-json", "-count=1", "-parallel=10", `-timeout=${limit}`, ...filter, ...packages],
    options,
  );
  const files = await filesOfTests(options.cwd);
  const outcomes = outcomesOf(stdout, files);
  if (outcomes.length === 0 && filter.length === 0)
    throw new Error(`The Go suite did not run:\n${stdout}\n${stderr}`);
  return outcomes;
}

/** Which file holds a test: Go names only its package. */
async function filesOfTests(directory: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const folder of ["", "test"]) {
    for (const name of await readdir(join(directory, folder))) {
      if (!name.endsWith("_test.go")) continue;
      const text = await readFile(join(directory, folder, name), "utf8");
      for (const [, test = ""] of text.matchAll(/^func (Test\w+)\(/gm))
        files.set(`${folder}/${test}`, join(folder, name));
    }
  }
  return files;
}

/**
 * From the lines of `go test -json`. A test with tests within it stands for itself only where it failed and none of them did;
 * one that never ended has failed, and so has a package that failed by itself.
 */
export function outcomesOf(lines: string, files: ReadonlyMap<string, string>): TestOutcome[] {
  const tests = new Map<string, TestOutcome>();
  for (const line of lines.split("\n").filter((text) => text.startsWith("{"))) {
    const { Action, Package = "", Test = "", Output = "" } = JSON.parse(line) as Event;
    const folder = Package.endsWith("/test") ? "test" : "";
    const key = `${folder}/${Test}`;
    const outcome = tests.get(key) ?? {
      suite: "go",
      file: files.get(`${folder}/${Test.split("/")[0]}`) ?? folder,
      name: Test === "" ? "(the package)" : Test,
      state: "failed",
      failure: "",
    };
    tests.set(key, outcome);
    if (Action === "output") outcome.failure += Output;
    else if (Action === "pass") outcome.state = "passed";
    else if (Action === "skip") outcome.state = "skipped";
  }
  return [...tests]
    .filter(([key, { state }]) => {
      const prefix = key.endsWith("/") ? key : `${key}/`;
      const within = [...tests].filter(([other]) => other !== key && other.startsWith(prefix));
      if (within.length === 0) return !key.endsWith("/");
      return state === "failed" && within.every(([, each]) => each.state !== "failed");
    })
    .map(([, outcome]) => (outcome.state === "failed" ? outcome : { ...outcome, failure: "" }));
}
