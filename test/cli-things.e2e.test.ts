import { accessSync } from "node:fs";
import { chmod, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { dorianCommand } from "@dorian/testkit/checkout";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian, runCommand, type CommandOptions, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { atTerminal, withTerminal } from "@dorian/testkit/terminal-session";
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
  server = await runningServer({ clients: [modalVersions.newest], args: ["--web-ports", "0"] });
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

function hasProgram(name: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((directory) => {
    try {
      accessSync(join(directory, name));
      return true;
    } catch {
      return false;
    }
  });
}

const threeLines = /(^|\n)Error: .+\n {2}Why: .+\n {2}Fix: .+\n$/;

/** Takes away what an earlier try of the same test has left. */
async function without(...commands: string[][]): Promise<void> {
  for (const command of commands) await cli([...command, "--yes"]);
}

describe("new projects", () => {
  test("init makes a project, says what comes next, and overwrites nothing", async () => {
    await using directory = await temporaryDirectory();
    const cwd = directory.path;
    const init = ["init", "iris", "--template", "function"];
    const made = JSON.parse(await said([...init, "--json"], { cwd })) as { files: string[] };
    expect(made).toMatchObject({ name: "iris", template: "function", directory: join(cwd, "iris") });
    expect((await readdir(join(cwd, "iris"))).toSorted()).toEqual(made.files.toSorted());
    const again = await cli(init, { cwd });
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(threeLines)]);
    const unknown = await cli(["init", "other", "--template", "nothing"], { cwd });
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(threeLines)]);
    expect((await cli(["init", "other"], { cwd })).code).toBe(2);
    expect(await said(["run", "app.ts", "--limit", "100"], { cwd: join(cwd, "iris") })).toContain(
      "There are 25 primes below 100.",
    );
  });

  test("at a terminal init asks for the template", async () => {
    await using directory = await temporaryDirectory();
    await withTerminal(
      server.dataDirectory,
      ["init", "shop"],
      async (session) => {
        await session.see("Which template?");
        session.type("3\n");
        await session.see("Made the app shop");
        expect(await session.ended).toBe(0);
      },
      { cwd: directory.path },
    );
    expect(await readdir(join(directory.path, "shop"))).toContain("server.ts");
  });
});

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
    expect(await said(["environment", "list"])).toMatch(/^tried {2}.*(?:ago|just now)/m);
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

describe("dicts and queues", () => {
  /** Runs a program in Python, which fails by its own assertions. */
  async function python(program: string): Promise<void> {
    const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
    await using project = await temporaryDirectory({ "program.py": program });
    const { code, stdout, stderr } = await client.python(["program.py"], { cwd: project.path });
    expect(code, stdout + stderr).toBe(0);
  }

  test("what is put into a dict Python finds, and what Python puts is shown as far as it is plain data", async () => {
    await without(["dict", "delete", "settings"]);
    expect((await cli(["dict", "create", "settings"])).stderr).toContain("Created dict settings");
    await said(["dict", "put", "settings", "color", "blue"]);
    await said(["dict", "put", "settings", "sizes", '[1, 2.5, {"a": null}]']);
    await said(["dict", "put", "settings", "456", "true", "--json-key"]);
    await said(["dict", "put", "settings", "motto", "-", "--text"], { input: "[1]" });
    await python(`
import datetime, modal
d = modal.Dict.from_name("settings")
assert d["color"] == "blue" and d["sizes"] == [1, 2.5, {"a": None}] and d[456] is True and d["motto"] == "[1]"
d["day"] = datetime.date(2024, 1, 31)
d["from python"] = ("a", 1)
`);
    expect(await said(["dict", "get", "settings", "color"])).toBe("blue\n");
    expect(JSON.parse(await said(["dict", "get", "settings", "from python", "--json"]))).toEqual(["a", 1]);
    const day = await cli(["dict", "get", "settings", "day"]);
    expect([day.code, day.stderr]).toEqual([1, expect.stringMatching(threeLines)]);
    expect(day.stderr).toContain("datetime.date");
    expect((await cli(["dict", "get", "settings", "day", "--raw"])).stdout).toContain("datetime");
    const table = await said(["dict", "items", "settings"]);
    expect(table).toMatch(/^day +<pickle, .*datetime\.date.*>$/m);
    expect(table).toMatch(/^sizes +\[1,2\.5,\{"a":null\}\]$/m);
    const items = await listed<{ key: { value: unknown } }>(["dict", "items", "settings"]);
    expect(items.map(({ key }) => String(key.value)).toSorted()).toEqual(
      ["456", "color", "day", "from python", "motto", "sizes"].toSorted(),
    );
    expect((await cli(["dict", "items", "settings", "--limit", "2"])).stderr).toContain("There are more");
    const missing = await cli(["dict", "get", "settings", "colour"]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(threeLines)]);
    expect(await listed(["dict", "list"])).toContainEqual(expect.objectContaining({ name: "settings" }));
    const asked = await cli(["dict", "clear", "settings"]);
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining("Remove all 6 entries")]);
    await said(["dict", "clear", "settings", "--yes"]);
    expect(await listed(["dict", "items", "settings"])).toEqual([]);
    await said(["dict", "delete", "settings", "--yes"]);
    expect((await cli(["dict", "items", "settings"])).stderr).toMatch(threeLines);
  });

  test("items of a queue are put, counted and looked at, and stay for whoever takes them", async () => {
    await without(["queue", "delete", "jobs"]);
    await said(["queue", "create", "jobs"]);
    await said(["queue", "put", "jobs", '{"n": 1}', "two", "3"]);
    await said(["queue", "put", "jobs", "other", "--partition", "p", "--ttl", "1h"]);
    expect(await said(["queue", "len", "jobs"])).toBe("3\n");
    expect(JSON.parse(await said(["queue", "len", "jobs", "--total", "--json"]))).toEqual({ items: 4 });
    expect(await said(["queue", "peek", "jobs", "2"])).toBe('{"n":1}\ntwo\n');
    expect(await listed(["queue", "peek", "jobs", "--partition", "p"])).toMatchObject([{ value: "other" }]);
    expect(await listed(["queue", "list"])).toContainEqual(
      expect.objectContaining({ name: "jobs", partitions: 2, items: 4 }),
    );
    await python(`
import modal
q = modal.Queue.from_name("jobs")
assert q.get_many(3) == [{"n": 1}, "two", 3] and q.get(partition="p") == "other"
q.put_many(list(range(250)))
`);
    expect(await listed(["queue", "peek", "jobs", "205"])).toHaveLength(205);
    expect((await cli(["queue", "clear", "jobs"])).stderr).toContain("Remove all 250 items");
    await said(["queue", "clear", "jobs", "--all", "--yes"]);
    expect((await cli(["queue", "peek", "jobs"])).stderr).toContain("The partition is empty");
    await said(["queue", "delete", "jobs", "--yes"]);
    expect((await cli(["queue", "len", "jobs"])).stderr).toMatch(threeLines);
  });
});

describe("curl", () => {
  const site = `
import modal
app = modal.App("site")
image = modal.Image.debian_slim("3.11")

def serve():
    import http.server, threading
    class Echo(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            known = self.headers.get("authorization", "-")
            self.send_response(404 if "missing" in self.path else 200)
            self.send_header("x-method", self.command)
            self.end_headers()
            self.wfile.write(f"{self.path} {body} {known}".encode())
        do_GET = do_POST = answer
    threading.Thread(target=http.server.HTTPServer(("", 8000), Echo).serve_forever).start()

@app.function(image=image, min_containers=1)
@modal.web_server(8000, requires_proxy_auth=True)
def guarded():
    serve()

@app.function(image=image)
@modal.web_server(8000)
def open_to_all():
    serve()
`;

  beforeAll(async () => {
    const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
    await using project = await temporaryDirectory({ "pages.py": site });
    const { code, stdout, stderr } = await client.modal(["deploy", "pages.py"], { cwd: project.path });
    expect(code, stdout + stderr).toBe(0);
  });

  test("a function that wants a token gets one for the request, and the app does not see it", async () => {
    expect(await said(["curl", "-s", "site::guarded", "/a?b=1", "-d", "hello"])).toBe("/a?b=1 hello -");
    expect(await said(["curl", "-s", "site::open_to_all", "-X", "POST"])).toBe("/  -");
    const shown = await said(["curl", "-si", "site::guarded", "-H", "Authorization: Basic mine"]);
    expect(shown).toMatch(/^HTTP\/1\.1 200[^]*x-method: GET\r\n[^]*\/ {2}Basic mine$/i);
    const tokens = await ModalClient.open(modalVersions.newest, server.dataDirectory);
    expect((await tokens.modal(["workspace", "proxy-tokens", "list"])).stdout).not.toContain("dorian curl");
  });

  test("its exit code is curl's, and a token is sent to the server's functions alone", async () => {
    const failed = await cli(["curl", "-s", "--fail", "-w", "%{http_code}", "site::guarded", "/missing"]);
    expect([failed.code, failed.stdout]).toEqual([22, "404"]);
    for (const target of ["site::nothing", "nothing::guarded", "http://127.0.0.1:9/x"]) {
      const { code, stderr } = await cli(["curl", "-s", target]);
      expect([target, code, stderr]).toEqual([target, 1, expect.stringMatching(threeLines)]);
    }
    expect((await cli(["curl", "-s"])).code).toBe(2);
  });
});

describe("completion", () => {
  let program: TemporaryDirectory;
  let env: Record<string, string>;

  beforeAll(async () => {
    const [node, bin] = dorianCommand;
    program = await temporaryDirectory({ dorian: `#!/bin/sh\nexec "${node}" "${bin}" "$@"\n` });
    await chmod(join(program.path, "dorian"), 0o755);
    const path = `${program.path}:${process.env["PATH"] ?? ""}`;
    env = { PATH: path, HOME: program.path, DORIAN_DATA: server.dataDirectory, PS1: "# " };
    await cli(["volume", "create", "weights-of-things"]);
  });

  afterAll(() => program?.[Symbol.asyncDispose]());

  test("bash completes commands, options and names at the press of a key", async () => {
    const screen = await atTerminal(
      ["bash", "--norc", "--noprofile", "-i"],
      async (session) => {
        session.type("source <(dorian completion bash); echo loa''ded\n");
        await session.see("loaded");
        session.type("dorian volu\t");
        await session.see("dorian volume ");
        session.type("ls weights-o\t");
        await session.see("weights-of-things ");
        session.type("--rec\t");
        await session.see("--recursive ");
        return session.screen;
      },
      { env },
    );
    expect(screen).toContain("weights-of-things");
  });

  test.skipIf(!hasProgram("zsh"))("so does zsh", async () => {
    const screen = await atTerminal(
      ["zsh", "-f", "-i"],
      async (session) => {
        session.type(
          "autoload -Uz compinit && compinit -u; source <(dorian completion zsh); echo loa''ded\n",
        );
        await session.see("loaded");
        session.type("dorian volu\t");
        await session.see("dorian volume");
        session.type("ls weights-o\t");
        await session.see("weights-of-things");
        session.type("--rec\t");
        await session.see("--recursive");
        return session.screen;
      },
      { env },
    );
    expect(screen).toContain("weights-of-things");
  });

  test.skipIf(!hasProgram("fish"))("and fish, with what each is about", async () => {
    const script = await said(["completion", "fish"]);
    const complete = async (line: string) => {
      const asking = `${script}\ncomplete -C ${JSON.stringify(line)}`;
      return (await runCommand(["fish", "--no-config", "-c", asking], { env })).stdout;
    };
    expect(await complete("dorian volu")).toContain("volume\tWork with volumes and the files in them\n");
    expect(await complete("dorian volume ls weights-o")).toContain("weights-of-things\tvolume\n");
    expect(await complete("dorian volume ")).toContain("versions\t");
  });

  test("without a server nothing is offered, and nothing said", async () => {
    const words = ["completion", "bash", "--", "volume", "ls", ""];
    const { code, stdout, stderr } = await cli(words, { env: { DORIAN_DATA: "/nowhere" } });
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
  });
});

describe("settings", () => {
  test("what is set is used by commands and by programs, and where it comes from is shown", async () => {
    await using home = await temporaryDirectory();
    const printed = JSON.parse(await said(["token", "new", "--json"])) as Record<string, string>;
    const { MODAL_SERVER_URL: url = "", MODAL_TOKEN_ID: tokenId = "" } = printed;
    const tokenSecret = printed["MODAL_TOKEN_SECRET"] ?? "";
    // Nothing but the file says which server it is.
    const env = { DORIAN_DATA: "", XDG_CONFIG_HOME: home.path };
    const path = (await said(["config", "path"], { env })).trim();
    expect(path).toBe(`${home.path}/dorian/config.json`);
    await said(["config", "set", "server", url], { env });
    await said(["config", "set", "token-id", tokenId], { env });
    await said(["config", "set", "token-secret"], { env, input: `${tokenSecret}\n` });
    await said(["config", "set", "environment", "main"], { env });
    expect((await stat(path)).mode & 0o777).toBe(0o600);

    const shown = await said(["config", "show"], { env });
    expect(shown).not.toContain(tokenSecret);
    expect(shown).toMatch(new RegExp(`^server +${url} +${path}$`, "m"));
    expect(shown).toMatch(new RegExp(`^token-secret +\\(hidden\\) +${path}$`, "m"));
    const rows = JSON.parse(
      await said(["config", "show", "--json"], { env: { ...env, MODAL_ENVIRONMENT: "staging" } }),
    ) as unknown[];
    expect(rows).toContainEqual({ setting: "environment", value: "staging", from: "MODAL_ENVIRONMENT" });
    expect(rows).toContainEqual({ setting: "data", value: "/var/lib/dorian", from: "default" });
    expect(await said(["volume", "list", "--json"], { env })).toContain("[");

    await said(["config", "unset", "environment"], { env });
    expect((await cli(["config", "unset", "environment"], { env })).stderr).toBe(
      "environment was not set.\n",
    );
    const local = JSON.parse(await said(["config", "show", "--json"])) as unknown[];
    const client = `${server.dataDirectory}/client.json`;
    expect(local).toContainEqual({ setting: "server", value: url, from: client });
    expect(local).toContainEqual({ setting: "data", value: server.dataDirectory, from: "DORIAN_DATA" });
  });

  test.each([
    ["sever", "http://box:7070"],
    ["server", "box"],
    ["token-id", "as-1"],
    ["environment", ""],
  ])("what cannot be a setting is refused: %s %s", async (name, value) => {
    await using home = await temporaryDirectory();
    const env = { DORIAN_CONFIG: `${home.path}/config.json` };
    const { code, stderr } = await cli(["config", "set", name, value], { env });
    expect([code, stderr]).toEqual([2, expect.stringMatching(threeLines)]);
  });
});
