import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const timeout = 240_000;
const { newest, late2024 } = modalVersions;

const lookups = `
import modal
def told(find):
    try:
        find()
    except Exception as error:
        print(type(error).__name__, error)
told(lambda: modal.Volume.from_name("none").hydrate())
told(lambda: modal.Secret.from_name("none").hydrate())
told(lambda: modal.Dict.from_name("none").hydrate())
told(lambda: modal.Queue.from_name("none").hydrate())
told(lambda: modal.Function.from_name("none", "f").hydrate())
told(lambda: modal.App.lookup("none"))
`;

/** An app with one function of these options. */
function optioned(options: string): string {
  return `
import modal
app = modal.App("optioned")
@app.function(image=modal.Image.debian_slim("3.11")${options && `, ${options}`})
def f():
    return 1
@app.local_entrypoint()
def main():
    print("got", f.remote())
`;
}

const crowd = `
import time, modal
app = modal.App("crowd")
@app.function(image=modal.Image.debian_slim("3.11"))
def sleeper(x):
    print("sleeps", flush=True)
    time.sleep(x)
@app.function(image=modal.Image.debian_slim("3.11"))
def quick(x):
    time.sleep(0.2)
    return x
@app.local_entrypoint()
def interrupted():
    list(sleeper.map([60, 60, 60]))
@app.local_entrypoint()
def right():
    sleeper.spawn(60)
    print("sum", sum(quick.map(range(6))))
    time.sleep(1.5)
`;

const serverApp = `
import modal, modal.experimental
app = modal.App("served")
@app.cls(image=modal.Image.debian_slim("3.11"))
@modal.experimental.http_server(port=8000, proxy_regions=["us-east"])
class S:
    @modal.enter()
    def go(self):
        pass
`;

let server: RunningServer;
let project: TemporaryDirectory;

beforeAll(async () => {
  server = await runningServer({ clients: [newest, late2024] });
  project = await temporaryDirectory({
    "lookups.py": lookups,
    "crowd.py": crowd,
    "ignored.py": optioned('region="us-east", experimental_options={"odd": True}'),
    "plain.py": optioned(""),
    "private_network.py": optioned("i6pn=True"),
    "http_server.py": serverApp,
    "app_server.py": serverApp
      .replace("@app.cls(", "@app.server(port=8000, ")
      .replace(/@modal\.experimental.*\n/, ""),
  });
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function modal(version: ModalVersion, args: string[], interruptAt?: RegExp) {
  const client = await ModalClient.open(version, server.dataDirectory);
  let seen = "";
  const { code, stdout, stderr } = await client.modal(args, {
    cwd: project.path,
    onOutput: (text, send) => {
      const before = interruptAt?.test(seen);
      seen += text;
      if (interruptAt?.test(seen) && !before) send("SIGINT");
    },
  });
  return { code, said: stdout + stderr };
}

test("what is not there is told in Python's words [A23]", { timeout }, async () => {
  const client = await ModalClient.open(newest, server.dataDirectory);
  const { stdout } = await client.python(["lookups.py"], { cwd: project.path });
  expect(stdout.match(/NotFoundError/g)).toHaveLength(6);
  expect(stdout).toContain("`modal volume create none`");
  expect(stdout).toContain("`modal.Secret.from_dict`");
  expect(stdout.match(/`create_if_missing=True`/g)).toHaveLength(3);
  expect(stdout.match(/`modal deploy`/g)).toHaveLength(2);
  expect(stdout).not.toMatch(/createIfMissing|fromObject|dorian/);
});

test(
  "options that change nothing are said when the function is made, and nothing ends in an empty place [A23]",
  { timeout },
  async () => {
    const run = await modal(newest, ["run", "ignored.py"]);
    expect(run.said).toContain("got 1");
    expect(run.said).toMatch(/⚠ f: `cloud` and `region` change nothing/);
    expect(run.said).toContain('`experimental_options` here: "odd"');
    expect(run.said.match(/View run at `modal app logs ap-\w{22}`/g)).toHaveLength(2);
    const deployed = await modal(newest, ["deploy", "plain.py"]);
    const [, look = ""] = /View Deployment: `modal (app logs ap-\w{22})`/.exec(deployed.said) ?? [];
    expect(deployed.said).not.toContain("⚠");
    expect((await modal(newest, [...look.split(" "), "--tail", "1"])).code).toBe(0);
  },
);

test.each([
  ["http_server.py", "`@modal.experimental.http_server`", "`@modal.web_server`"],
  ["app_server.py", "`@app.server` functions", "`@modal.web_server`"],
  ["private_network.py", "a private network", "`modal.Queue`"],
])(
  "%s is refused at its definition, with what to use instead [A23]",
  { timeout },
  async (file, what, instead) => {
    const { code, said } = await modal(newest, ["deploy", file]);
    expect(code).not.toBe(0);
    expect(said).toContain(what);
    expect(said).toContain(instead);
    expect(said).not.toContain("Traceback");
  },
);

const traces = /Traceback|ConflictError|KeyboardInterrupt/;

test(
  "a run ends without a trace after its result, whatever its containers are at [A23]",
  { timeout },
  async () => {
    const { code, said } = await modal(late2024, ["run", "crowd.py::right"]);
    expect(code, said).toBe(0);
    expect(said).toContain("sum 15");
    expect(said).not.toMatch(traces);
  },
);

test("a run ends without a trace after Ctrl-C [A23]", { timeout }, async () => {
  const { said } = await modal(newest, ["run", "crowd.py::interrupted"], /(sleeps[^]*){3}/);
  expect(said).toContain("App aborted");
  expect(said).not.toMatch(traces);
});
