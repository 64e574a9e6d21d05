import { eventually } from "@dorian/testkit/eventually";
import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { dorian, type CommandOptions } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { ModalClient as ModalService } from "@dorian/protocol/modal";
import { methodEntries } from "@dorian/protocol/service";
import { unservedCalls } from "@dorian/protocol/error/unserved-calls";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const timeout = 240_000;
const { newest, between, late2024, early2024 } = modalVersions;
const both = [newest, late2024] as const;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ clients: Object.values(modalVersions) });
});

afterAll(() => server[Symbol.asyncDispose]());

/** An app of two functions and a class, in the manner of the client's time. */
function shop(version: ModalVersion, timeoutSecs = 60): string {
  const isNew = !version.startsWith("0.");
  const parameter = isNew
    ? "size: int = modal.parameter(default=3)"
    : "def __init__(self, size: int = 3):\n        self.size = size";
  return `
import modal
app = modal.App("shop")
image = modal.Image.debian_slim("3.11")

@app.function(image=image, timeout=${timeoutSecs}, schedule=modal.Period(days=1))
def train(x: int = 1):
    print("training", x)
    return x

@app.cls(image=image, secrets=[modal.Secret.from_dict({"A": "1"})])
class Model:
    ${parameter}
    @modal.method()
    def inference(self, y: int = 2):
        return y * self.size
    @modal.method()
    def stream(self):
        yield 1
`;
}

async function commands(version: ModalVersion, files: Record<string, string> = {}) {
  const client = await ModalClient.open(version, server.dataDirectory);
  const project = await temporaryDirectory(files);
  return {
    client,
    project,
    async run(...args: string[]): Promise<string> {
      const { code, stdout, stderr } = await client.modal(args, { cwd: project.path });
      expect(code, stdout + stderr).toBe(0);
      return stdout + stderr;
    },
    async refused(...args: string[]): Promise<string> {
      const { code, stdout, stderr } = await client.modal(args, { cwd: project.path });
      expect(code).not.toBe(0);
      return stdout + stderr;
    },
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
    },
  };
}

const idsOf = `
import sys, modal
name = sys.argv[1]
try:
    find = modal.Function.from_name(name, "train"), modal.Cls.from_name(name, "Model")
    for each in find: each.hydrate()
except AttributeError:
    find = modal.Function.lookup(name, "train"), modal.Cls.lookup(name, "Model")
print(*(each.object_id for each in find))
method = find[1](size=5).inference
print(type(method).__name__)
`;

test.each([newest, between, late2024, early2024])(
  "modal deploy of %s keeps every id over a redeploy, and others find the functions and classes by name",
  { timeout },
  async (version) => {
    const name = `shop-${version.replaceAll(".", "-")}`;
    await using shell = await commands(version, { "app.py": shop(version), "ids.py": idsOf });
    await shell.run("deploy", "app.py", "--name", name);
    const ids = async (client: ModalClient) => {
      const found = await client.python(["ids.py", name], { cwd: shell.project.path });
      expect(found.code, found.stderr).toBe(0);
      return found.stdout;
    };
    const before = await ids(shell.client);
    expect(before).toMatch(/^fu-\w{22} cs-\w{22}\n/);
    await shell.run("deploy", "app.py", "--name", name);
    expect(await ids(shell.client)).toBe(before);
    if (version === early2024) return;
    const other = version === newest ? late2024 : newest;
    const [first = ""] = (await ids(await ModalClient.open(other, server.dataDirectory))).split("\n");
    expect(first).toBe(before.split("\n")[0]);
  },
);

test.each(both)(
  "modal app of %s lists, shows the history of, rolls back and stops a deployed app",
  { timeout },
  async (version) => {
    const name = `rolled-${version.replaceAll(".", "-")}`;
    await using shell = await commands(version, {
      "app.py": shop(version, 60),
      "later.py": shop(version, 90),
    });
    await shell.run("deploy", "app.py", "--name", name);
    await shell.run("deploy", "later.py", "--name", name, "--tag", "second");
    const history = await shell.run("app", "history", name);
    expect(history).toMatch(/v2.*\n.*v1/);
    expect(history).toContain(version);
    expect(await timeoutOf(name)).toBe(90);
    expect(await shell.run("app", "rollback", name)).toContain("rollback successful");
    expect(await timeoutOf(name)).toBe(60);
    await shell.run("app", "rollback", name, "v2");
    expect(await timeoutOf(name)).toBe(90);
    expect(await shell.run("app", "history", name)).toMatch(/v4[\s\S]*v3[\s\S]*v2[\s\S]*v1/);
    expect(await shell.refused("app", "rollback", name, "v9")).toContain("no version 9");
    expect(await shell.run("app", "list")).toMatch(new RegExp(`ap-\\w{22}.*${name}.*deployed`));

    const stop = version === newest ? ["app", "stop", name, "--yes"] : ["app", "stop", name];
    await shell.run(...stop);
    await eventually(
      () => shell.run("app", "list"),
      (list) => new RegExp(`${name}.*stopped`).test(list),
    );
    expect(await shell.refused(...stop)).toMatch(version === newest ? /already stopped/ : /Could not find/);
  },
);

test.each(both)(
  "modal app logs of %s shows what a deployed app's containers print",
  { timeout },
  async (version) => {
    const name = `talks-${version.replaceAll(".", "-")}`;
    const call = `
import modal
find = getattr(modal.Function, "lookup" if modal.__version__.startswith("0.") else "from_name")
assert find("${name}", "train").remote(41) == 41
`;
    await using shell = await commands(version, { "app.py": shop(version), "call.py": call });
    await shell.run("deploy", "app.py", "--name", name);
    const called = await shell.client.python(["call.py"], { cwd: shell.project.path });
    expect(called.code, called.stderr).toBe(0);
    let seen = "";
    await shell.client.modal(["app", "logs", name], {
      onOutput(text, send) {
        seen += text;
        // A client of 2024 goes on until it is interrupted.
        if (seen.includes("training 41")) send("SIGTERM");
      },
    });
    expect(seen).toContain("training 41");
    if (version === newest) {
      expect(await shell.run("app", "logs", name, "--search", "nothing")).not.toContain("training");
      expect(await shell.run("app", "logs", name, "--tail", "1", "--since", "1h")).toContain("training 41");
    }
  },
);

/** The timeout of what runs, as the newest client is told. */
async function timeoutOf(name: string): Promise<number> {
  const client = await ModalClient.open(newest, server.dataDirectory);
  const program = `
import sys, modal
print(modal.Function.from_name(sys.argv[1], "train").info().timeout)
`;
  await using project = await temporaryDirectory({ "timeout.py": program });
  const { stdout, stderr } = await client.python(["timeout.py", name], { cwd: project.path });
  expect(stderr).toBe("");
  return Number(stdout);
}

test.each(both)(
  "modal environment and modal secret of %s: names are apart in each environment, and go with it",
  { timeout },
  async (version) => {
    const dev = `dev-${version.replaceAll(".", "-")}`;
    await using shell = await commands(version, { "app.py": shop(version) });
    await shell.run("environment", "create", dev);
    expect(await shell.refused("environment", "create", dev)).toContain("already");
    await shell.run("secret", "create", "-e", dev, "keys", "TOKEN=1", "OTHER=2");
    expect(await shell.refused("secret", "create", "-e", dev, "keys", "TOKEN=1")).toContain("already");
    await shell.run("secret", "create", "-e", dev, "--force", "keys", "TOKEN=3");
    expect(await shell.run("secret", "list", "-e", dev)).toContain("keys");
    expect(await shell.run("secret", "list")).not.toContain("keys");
    await shell.run("deploy", "app.py", "-e", dev, "--name", "same");
    await shell.run("deploy", "app.py", "--name", "same");
    expect(await shell.run("app", "list", "-e", dev)).toMatch(/same/);

    await shell.run("environment", "update", dev, "--set-name", `${dev}-two`);
    expect(await shell.run("environment", "list")).toContain(`${dev}-two`);
    expect(await shell.run("secret", "list", "-e", `${dev}-two`)).toContain("keys");
    expect(await shell.run("app", "history", "-e", `${dev}-two`, "same")).toContain("v1");
    expect(await shell.refused("secret", "list", "-e", dev)).toContain(`Environment '${dev}' not found`);

    const flag = version === newest ? "--yes" : "--confirm";
    await shell.run("environment", "delete", `${dev}-two`, flag);
    expect(await shell.run("environment", "list")).not.toContain(dev);
    await shell.run("environment", "create", dev);
    expect(await shell.run("secret", "list", "-e", dev)).not.toContain("keys");
    expect(await shell.run("app", "list", "-e", dev)).not.toContain("same");
    expect(await shell.run("app", "list")).toContain("same");
    expect(await shell.refused("environment", "delete", "main", flag)).toContain("stays");
  },
);

test("secrets are updated, checked for keys and deleted by the newest client", { timeout }, async () => {
  await using shell = await commands(newest, {
    "secrets.py": `
import modal
modal.Secret.objects.create("db", {"USER": "u", "OLD": "o"})
secret = modal.Secret.from_name("db", required_keys=["USER"])
secret.hydrate()
secret.update({"PASSWORD": "p"})
info = secret.info(refresh=True)
assert info.name == "db" and info.environment_name == "main", info
modal.Secret.from_name("db", required_keys=["PASSWORD"]).hydrate()
try:
    modal.Secret.from_name("db", required_keys=["MISSING"]).hydrate()
except modal.exception.Error as error:
    print("refused:", error)
for n in range(205):
    modal.Secret.objects.create(f"many-{n}", {"A": str(n)})
assert len([s for s in modal.Secret.objects.list() if s.name.startswith("many-")]) == 205
assert [s.name for s in modal.Secret.objects.list(max_objects=2)] == ["many-204", "many-203"]
modal.Secret.objects.delete("db")
try:
    modal.Secret.from_name("db").hydrate()
except modal.exception.NotFoundError as error:
    print("gone:", error)
`,
  });
  const { code, stdout, stderr } = await shell.client.python(["secrets.py"], { cwd: shell.project.path });
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("refused: Secret is missing key(s): MISSING.");
  expect(stdout).toContain("gone: Secret 'db' not found.");
});

test.each(both)(
  "modal token new of %s waits until somebody with a token approves its code, and writes a profile that works",
  { timeout },
  async (version) => {
    await using shell = await commands(version);
    const config = join(shell.project.path, "modal.toml");
    let seen = "";
    let approved: Promise<{ code: number | null; stderr: string }> | undefined;
    const result = await withoutToken(shell.client, ["token", "new"], {
      env: { MODAL_CONFIG_PATH: config },
      onOutput(text) {
        seen += text;
        const code = /Enter this code: (\S{9})/.exec(seen)?.[1];
        if (code) approved ??= approve(code);
      },
    });
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stdout + result.stderr).toContain("Token verified successfully");
    expect((await approved)?.stderr).toContain("has its token");
    expect(await readFile(config, "utf8")).toContain("[dorian]");
    const list = await withoutToken(shell.client, ["app", "list"], { env: { MODAL_CONFIG_PATH: config } });
    expect(list.code, list.stderr).toBe(0);

    async function approve(code: string) {
      const page = await (await fetch(/http:\S+\/token-flow\/\S+/.exec(seen)?.[0] ?? "")).text();
      expect(page).toContain(code);
      return await dorian(server.dataDirectory, ["token", "approve", code]);
    }
  },
);

/** `modal …` with what its profile says and, of the environment, at most the server's address. */
function withoutToken(
  client: ModalClient,
  args: string[],
  options: CommandOptions,
  alsoWithout: string[] = [],
) {
  const unset = JSON.stringify(["MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET", ...alsoWithout]);
  const program = `
import os, sys
for name in ${unset}: os.environ.pop(name, None)
sys.argv = ["modal", *sys.argv[1:]]
from modal.__main__ import main
main()
`;
  return client.python(["-c", program, ...args], options);
}

test(
  "a token of its own lets a client in until it is revoked, and wrong ones never",
  { timeout },
  async () => {
    const made = await dorian(server.dataDirectory, ["token", "new", "--name", "laptop", "--json"]);
    expect(made.code, made.stderr).toBe(0);
    const env = JSON.parse(made.stdout) as Record<string, string>;
    await using shell = await commands(newest);
    const as = async (extra: Record<string, string>) =>
      await shell.client.modal(["token", "info"], { env: extra });
    expect((await as(env)).stdout).toContain("laptop");
    expect(await shell.run("config", "show")).toContain(env["MODAL_SERVER_URL"]);
    expect((await shell.run("profile", "current")).trim()).toBe("default");
    const wrong = await as({ ...env, MODAL_TOKEN_SECRET: "as-guess" });
    expect(wrong.code).not.toBe(0);
    expect(wrong.stdout + wrong.stderr).toContain("not valid here");
    expect((await dorian(server.dataDirectory, ["token", "list"])).stdout).toContain("laptop");
    expect((await dorian(server.dataDirectory, ["token", "revoke", "laptop"])).code).toBe(0);
    expect((await as(env)).code).not.toBe(0);

    const path = join(shell.project.path, "profiles.toml");
    const written = await dorian(server.dataDirectory, ["token", "new", "--write", "--profile", "box"], {
      env: { MODAL_CONFIG_PATH: path },
    });
    expect(written.code, written.stderr).toBe(0);
    const plain = (args: string[]) =>
      withoutToken(shell.client, args, { env: { MODAL_CONFIG_PATH: path } }, ["MODAL_SERVER_URL"]);
    expect((await plain(["profile", "current"])).stdout.trim()).toBe("box");
    expect((await plain(["app", "list"])).code).toBe(0);
    const set = await shell.client.modal(
      [
        "token",
        "set",
        "--token-id",
        env["MODAL_TOKEN_ID"] ?? "",
        "--token-secret",
        "as-guess",
        "--profile",
        "x",
      ],
      { env: { MODAL_CONFIG_PATH: path } },
    );
    expect(set.code).not.toBe(0);
  },
);

test("calls that are not served say what to use instead, and the client shows it", { timeout }, async () => {
  await using shell = await commands(newest, {
    "calls.py": `
from modal_proto import api_pb2
print(*(m.name for m in api_pb2.DESCRIPTOR.services_by_name["ModalClient"].methods))
`,
  });
  expect(await shell.refused("nfs", "list")).toContain("Use a `modal.Volume`.");
  const listed = await shell.client.python(["calls.py"], { cwd: shell.project.path });
  const known = new Set([
    ...methodEntries(ModalService).map(([, method]) => method.name),
    ...unservedCalls(),
  ]);
  expect(
    listed.stdout
      .trim()
      .split(" ")
      .filter((call) => !known.has(call)),
  ).toEqual([]);
});
