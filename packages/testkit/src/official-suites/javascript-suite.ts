import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { suiteProcess, type SuiteCommand } from "./suite-process.ts";
import type { TestOutcome } from "./test-outcome.ts";

interface Report {
  testResults: {
    name: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Runs the JavaScript suite; with a filter only the tests whose names match it. */
export async function runJavaScriptSuite(
  options: SuiteCommand & { filter: string | undefined },
): Promise<TestOutcome[]> {
  await using results = await temporaryDirectory();
  const file = join(results.path, "report.json");
  const filter = options.filter === undefined ? [] : ["-t", options.filter];
  const { stdout, stderr } = await suiteProcess(
    ["node_modules/.bin/vitest", "run", "--retry=1", "--reporter=json", `--outputFile=${file}`, ...filter],
    options,
  );
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new Error(`The JavaScript suite did not run:\n${stdout}\n${stderr}`, { cause: error });
  });
  const { testResults } = JSON.parse(text) as Report;
  return testResults.flatMap(({ name, message, assertionResults }): TestOutcome[] => {
    const suiteFile = relative(options.cwd, name);
    if (assertionResults.length === 0 && message !== "")
      return [{ suite: "js", file: suiteFile, name: "(the file)", state: "failed", failure: message }];
    return assertionResults.map(({ fullName, status, failureMessages }) => ({
      suite: "js",
      file: suiteFile,
      name: fullName,
      state: status === "passed" || status === "failed" ? status : "skipped",
      failure: failureMessages.join("\n"),
    }));
  });
}
