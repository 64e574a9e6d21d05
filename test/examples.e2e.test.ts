import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "@dorian/testkit/checkout";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runCommand } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** They bring servers and repositories of their own: script/quickstart, storing-model-weights.e2e.test.ts. */
const runElsewhere = ["quickstart", "storing-model-weights"];

const folder = join(checkout, "examples");
const examples = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !runElsewhere.includes(entry.name))
  .map(({ name }) => name);

let server: RunningServer;
let client: ModalClient;

beforeAll(async () => {
  server = await runningServer({ clients: [modalVersions.newest], args: ["--web-ports", "0"] });
  client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
});

afterAll(() => server[Symbol.asyncDispose]());

describe("each example does what its README says", () => {
  test.for(examples)("%s", { timeout: 240_000 }, async (name) => {
    const readme = readFileSync(join(folder, name, "README.md"), "utf8");
    const commands = blocks(readme, "sh").join("\n");
    const { code, stdout, stderr } = await runCommand(["bash", "-euc", commands], {
      cwd: checkout,
      env: { ...client.environment, PATH: path(), DORIAN_DATA: server.dataDirectory, COLUMNS: "200" },
    });
    expect(code, stdout + stderr).toBe(0);
    const promised = blocks(readme, "text").flatMap((block) => block.split("\n"));
    expect(promised.filter((line) => line.trim() !== "")).not.toEqual([]);
    const missing = promised.filter((line) => !printed(stdout, line));
    expect(missing, `not printed, of what its README promises; printed was:\n${stdout}${stderr}`).toEqual([]);
  });
});

test("the list of examples names every one of them, and each has a README", () => {
  const list = readFileSync(join(folder, "README.md"), "utf8");
  for (const name of [...examples, ...runElsewhere]) expect(list).toContain(`| [${name}](${name}) |`);
  expect(examples.filter((name) => !existsSync(join(folder, name, "README.md")))).toEqual([]);
});

/** What a page has in fences of that language. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(
    ([, block = ""]) => block,
  );
}

/** Whether some line of the output is this one, in which "…" stands for anything. */
function printed(output: string, line: string): boolean {
  const parts = line.trimEnd().split("…");
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${escaped.join(".*")}\\s*$`, "m").test(output);
}

function path(): string {
  return `${join(checkout, "node_modules/.bin")}:${client.environment["PATH"] ?? ""}`;
}
