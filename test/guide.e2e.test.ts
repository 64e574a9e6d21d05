import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "@dorian/testkit/checkout";
import { commandDirectory } from "@dorian/testkit/command-directory";
import { pythonFaults } from "@dorian/testkit/guide/check-python";
import { typeFaults } from "@dorian/testkit/guide/check-types";
import { readGuidePage } from "@dorian/testkit/guide/guide-page";
import { runPage } from "@dorian/testkit/guide/run-page";
import { notPrinted } from "@dorian/testkit/markdown/promised-output";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import type { TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Its commands want a machine of their own: service.e2e.test.ts and backup.e2e.test.ts. */
const runElsewhere = ["operating.md"];

const folder = join(checkout, "docs/guide");
const names = readdirSync(folder).filter((name) => name.endsWith(".md"));
const textOf = (name: string) => readFileSync(join(folder, name), "utf8");
const pages = names
  .filter((name) => !runElsewhere.includes(name))
  .map((name) => readGuidePage(name, textOf(name)));

let server: RunningServer;
let client: ModalClient;
let commands: TemporaryDirectory;

beforeAll(async () => {
  server = await runningServer({
    clients: [modalVersions.newest],
    args: ["--web-ports", "0", "--simulate-gpus"],
  });
  client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  commands = await commandDirectory();
});

afterAll(async () => {
  await commands[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test("each block says what it is", () => {
  expect(pages.flatMap(({ faults }) => faults)).toEqual([]);
});

test("each block of TypeScript compiles", async () => {
  expect(await typeFaults(pages)).toEqual([]);
});

test("each block of Python compiles, and names only what the official client has", async () => {
  expect(await pythonFaults(pages, client)).toEqual([]);
});

test("each link leads somewhere, and the index to every page", () => {
  const links = names.flatMap((name) => linksOf(name).map((link) => ({ name, ...link })));
  const dead = links.filter(({ name, path, anchor }) => {
    const target = join(folder, path || name);
    if (!existsSync(target)) return true;
    return anchor !== "" && !anchorsOf(readFileSync(target, "utf8")).includes(anchor);
  });
  expect(dead).toEqual([]);
  const listed = linksOf("README.md").map(({ path }) => path);
  expect(names.filter((name) => name !== "README.md" && !listed.includes(name))).toEqual([]);
});

describe("the commands of each page do what it says", () => {
  const withCommands = pages.filter(({ commands }) => commands.length > 0);
  let tries = 0;

  test.for(withCommands)("$name", { timeout: 240_000 }, async (page) => {
    // Names of apps, volumes and the like are the page's own, and another try's.
    const environment = `guide-${page.name.replace(/\.md$/, "")}-${++tries}`;
    await dorian(server.dataDirectory, ["environment", "create", environment]);
    const { code, stdout, stderr } = await runPage(page, {
      ...client.environment,
      PATH: `${commands.path}:${join(checkout, "node_modules/.bin")}:${client.environment["PATH"] ?? ""}`,
      DORIAN_DATA: server.dataDirectory,
      MODAL_ENVIRONMENT: environment,
      COLUMNS: "200",
    });
    expect(code, stdout + stderr).toBe(0);
    const missing = notPrinted(`${stdout}\n${stderr}`, page.printed);
    expect(missing, `not printed, of what the page promises; printed was:\n${stdout}${stderr}`).toEqual([]);
  });
});

/** Links of a page that lead to files of this repository. */
function linksOf(name: string): { path: string; anchor: string }[] {
  const found = textOf(name).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)/g);
  return [...found].map(([, path = "", anchor = ""]) => ({ path, anchor }));
}

/** By what links name the headings of a page. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
