import { join } from "node:path";
import { ModalClient, modalVersions } from "../modal-client.ts";
import { mustRun } from "./suite-process.ts";

/** The environment that the suites work in. */
export const suiteEnvironment = "libmodal";

/** Secrets that the suites look for; those for clouds name accounts that nobody has. */
const secrets: Record<string, Record<string, string>> = {
  "libmodal-test-secret": { a: "1", b: "2", c: "hello world" },
  "libmodal-aws-ecr-test": {
    AWS_ACCESS_KEY_ID: "nobody",
    AWS_SECRET_ACCESS_KEY: "nothing",
    AWS_REGION: "us-east-1",
  },
  "libmodal-gcp-artifact-registry-test": {
    SERVICE_ACCOUNT_JSON: "{}",
    REGISTRY_USERNAME: "_json_key",
    REGISTRY_PASSWORD: "{}",
  },
  "libmodal-anthropic-secret": { ANTHROPIC_API_KEY: "nothing" },
};

/**
 * Deploys what the suites call, with the official Python clients of both eras, as the repository's own set-up does.
 *
 * @returns what a suite's environment needs to find the server
 */
export async function deploySupport(
  dataDirectory: string,
  { directory, signal }: { directory: string; signal: AbortSignal },
): Promise<Record<string, string>> {
  const newest = await ModalClient.open(modalVersions.newest, dataDirectory);
  const older = await ModalClient.open(modalVersions.between, dataDirectory);
  const run = (client: ModalClient, ...args: string[]) =>
    mustRun([join(client.directory, "bin/modal"), ...args], {
      cwd: join(directory, "test-support"),
      env: { ...client.environment, COLUMNS: "200" },
      signal,
    });
  const environments = JSON.parse(await run(newest, "environment", "list", "--json")) as object[];
  if (!environments.some((row) => Object.values(row).includes(suiteEnvironment)))
    await run(newest, "environment", "create", suiteEnvironment);
  const there = ["--env", suiteEnvironment];
  for (const [name, values] of Object.entries(secrets)) {
    const pairs = Object.entries(values).map(([key, value]) => `${key}=${value}`);
    await run(newest, "secret", "create", "--force", ...there, name, ...pairs);
  }
  await run(newest, "deploy", ...there, "test_support.py");
  await run(older, "deploy", ...there, "test_support_1_1.py");
  const { MODAL_SERVER_URL = "", MODAL_TOKEN_ID = "", MODAL_TOKEN_SECRET = "" } = newest.environment;
  return {
    MODAL_SERVER_URL,
    MODAL_TOKEN_ID,
    MODAL_TOKEN_SECRET,
    MODAL_ENVIRONMENT: suiteEnvironment,
    MODAL_CONFIG_PATH: join(newest.directory, "no-profile.toml"),
  };
}
