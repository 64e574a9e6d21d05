import { dorian, type CommandOptions, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { withTerminal } from "@dorian/testkit/terminal-session";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const app = `
import { App, Secret } from "dorian";
export const app = new App("things");
export const keys = app.function(
  { name: "keys", secrets: [Secret.fromName("hub")] },
  async () => [process.env.HF_TOKEN, process.env.REGION, process.env.MODAL_ENVIRONMENT],
);
`;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server?.[Symbol.asyncDispose]());

function cli(args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return dorian(server.dataDirectory, args, options);
}

/** What a command prints that has to end well. */
async function said(args: string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await cli(args, options);
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

async function listed<Row>(args: string[]): Promise<Row[]> {
  return JSON.parse(await said([...args, "--json"])) as Row[];
}

const threeLines = /(^|\n)Error: .+\n {2}Why: .+\n {2}Fix: .+\n$/;

/** Takes away what an earlier try of the same test has left. */
async function without(...commands: string[][]): Promise<void> {
  for (const command of commands) await cli([...command, "--yes"]);
}

describe("secrets and environments", () => {
  test("a secret made in an environment reaches the containers of an app that is run there", async () => {
    await without(["environment", "delete", "staging"]);
    expect((await cli(["environment", "create", "staging"])).stderr).toContain("Created environment staging");
    const inStaging = ["--environment", "staging"];
    const created = await cli(["secret", "create", "hub", "HF_TOKEN", "REGION=eu", ...inStaging], {
      input: "hf_hidden\n",
    });
    expect([created.code, created.stdout], created.stderr).toEqual([0, ""]);
    expect(created.stderr).toContain("Created secret hub with HF_TOKEN, REGION");
    expect(created.stderr).not.toContain("hf_hidden");

    await using project = await temporaryDirectory({ "app.ts": app });
    const ran = await said(["run", "app.ts::keys", ...inStaging], { cwd: project.path });
    expect(JSON.parse(ran)).toEqual(["hf_hidden", "eu", "staging"]);

    const rows = await listed<{ name: string; lastUsedAt: string | null }>(["secret", "list", ...inStaging]);
    expect(rows).toMatchObject([{ name: "hub", keys: ["HF_TOKEN", "REGION"] }]);
    expect(Date.parse(rows[0]?.lastUsedAt ?? "")).not.toBeNaN();
    expect(await listed(["secret", "list"])).not.toContainEqual(expect.objectContaining({ name: "hub" }));
  });

  test("an environment is listed, renamed, and says what it takes with it before it is deleted", async () => {
    await without(["environment", "delete", "trial"], ["environment", "delete", "tried"]);
    await said(["environment", "create", "trial"]);
    await said(["secret", "create", "one", "A=1", "--environment", "trial"]);
    await said(["volume", "create", "weights"], { env: { MODAL_ENVIRONMENT: "trial" } });
    await said(["environment", "rename", "trial", "tried"]);
    const rows = await listed<{ name: string }>(["environment", "list"]);
    expect(rows).toContainEqual(expect.objectContaining({ name: "main", isDefault: true, isCurrent: true }));
    expect(rows).toContainEqual(expect.objectContaining({ name: "tried", isDefault: false }));
    expect(await said(["environment", "list"])).toMatch(/^tried {2}.*ago/m);
    const asked = await cli(["environment", "delete", "tried"]);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain("It takes with it 1 volume (weights) and 1 secret (one).");
    const deleted = await cli(["environment", "delete", "tried", "--yes"]);
    expect(deleted.stderr).toBe(
      "✓ Deleted environment tried and with it 1 volume (weights) and 1 secret (one).\n",
    );
    const gone = await cli(["volume", "list", "--environment", "tried"]);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringMatching(threeLines)]);
    expect((await cli(["environment", "delete", "main", "--yes"])).stderr).toMatch(threeLines);
  });

  test("a secret is asked for at a terminal, which does not show it", async () => {
    await without(["secret", "delete", "asked"]);
    await withTerminal(server.dataDirectory, ["secret", "create", "asked", "TOKEN"], async (session) => {
      await session.see("TOKEN:");
      session.type("not-to-be-seen\r");
      await session.see("Created secret asked");
      expect(await session.ended).toBe(0);
      expect(session.screen).not.toContain("not-to-be-seen");
    });
    await withTerminal(server.dataDirectory, ["secret", "create", "never", "TOKEN"], async (session) => {
      await session.see("TOKEN:");
      session.type("\u0003");
      expect(await session.ended).toBe(130);
    });
    await withTerminal(server.dataDirectory, ["secret", "delete", "asked"], async (session) => {
      await session.see("Delete secret asked?");
      session.type("y\n");
      await session.see("Deleted secret asked");
      expect(await session.ended).toBe(0);
    });
  });

  test("a secret is made of files, and only overwritten when that is meant", async () => {
    await without(["secret", "delete", "files"]);
    await using files = await temporaryDirectory({
      ".env": "# of the database\nexport HOST=db.lan\nPASSWORD='a b'\n",
      "more.json": JSON.stringify({ PORT: "5432" }),
      "bad.json": '{"PASSWORD": "shown?',
      "number.json": '{"PORT": 5432}',
    });
    const cwd = files.path;
    const create = ["secret", "create", "files"];
    await said([...create, "--from-dotenv", ".env", "--from-json", "more.json", "USER=u"], { cwd });
    const again = await cli([...create, "HOST=other"]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(threeLines)]);
    expect(await listed(["secret", "list"])).toContainEqual(
      expect.objectContaining({ name: "files", keys: ["HOST", "PASSWORD", "PORT", "USER"] }),
    );
    await said([...create, "HOST=other", "--force"]);
    expect(await listed(["secret", "list"])).toContainEqual(
      expect.objectContaining({ name: "files", keys: ["HOST"] }),
    );
    for (const args of [
      ["--from-json", "bad.json"],
      ["--from-json", "number.json"],
      ["--from-dotenv", "nowhere"],
      ["NOT-A-NAME=1"],
      ["A", "A=1"],
      ["A", "B"],
      [],
    ]) {
      const { code, stderr } = await cli([...create, "--force", ...args], { cwd, input: "one line" });
      expect([args, stderr]).toEqual([args, expect.stringMatching(threeLines)]);
      expect(code).toBeGreaterThan(0);
      expect(stderr).not.toContain("shown?");
    }
  });
});
