import type { TestOutcome } from "./test-outcome.ts";

/** Why tests may fail. Only a failure that says so in its words is excused: a test that fails for another reason has failed. */
interface Excuse {
  reason: string;
  /** Tests by their files and names. Default: all. */
  tests?: RegExp;
  failure: RegExp;
}

const excuses: readonly Excuse[] = [
  {
    reason: "needs a proxy with a fixed address, a product of the vendor's",
    tests: /SandboxWithProxy$/,
    failure: /Proxy 'libmodal-test-proxy' not found/,
  },
  {
    reason: "needs an image or an account on the internet",
    failure: /The registry \S+ cannot be reached/,
  },
  {
    reason: "needs the standard input or output of a sandbox itself, or the state of one that has ended",
    failure: /Input and output of a sandbox itself are not served/,
  },
  {
    reason: "needs a feature of sandboxes that is not served",
    failure: /of a sandbox: not served|Dorian does not serve Sandbox\w+/,
  },
  {
    reason: "needs the directories, snapshots or companions of a sandbox",
    tests: /sandbox_(directory|filesystem)_snapshot|sandbox_sidecar|SandboxReloadVolumes$/,
    failure: /Dorian does not serve Task\w+|timed out|STACK_TRACE_ERROR/,
  },
  {
    reason: "needs the vendor's program for the files of a sandbox",
    tests: /sandbox_fs_e2e/,
    failure: /exit code 126|unexpected error occurred|instance of SandboxFilesystem\w+/,
  },
  {
    reason: "needs a sandbox in the vendor's clouds and regions: others are to be refused",
    tests: /SandboxCreateOptions$/,
    failure: /instead of rejecting|Expected an error/,
  },
  {
    reason: "fails on Node 24 and passes on Node 20; it talks to no server",
    tests: /testCancellingStdoutIteratorClosesIterator$|testCancelStdoutStopsPollingWithEmptyBatches$/,
    failure: /expected (false to be true|\d+ to be \+?\d+)/,
  },
];

/** The reason for which a test need not pass; undefined for one that passed, or has no excuse. */
export function excuseFor({ file, name, state, failure }: TestOutcome): string | undefined {
  if (state !== "failed") return undefined;
  return excuses.find(
    ({ tests, failure: words }) => (tests?.test(`${file} ${name}`) ?? true) && words.test(failure),
  )?.reason;
}
