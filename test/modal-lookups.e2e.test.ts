import { noteMethods } from "@dorian/testkit/evidence/evidence";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import * as official from "modal";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Answers its version. Its class and its function have an image of their own in each. */
const shop = (version: number) => `
import modal
app = modal.App("shop")
image = modal.Image.debian_slim("3.11").env({"VERSION": "${version}"})

@app.function(image=image)
def version(*args):
    import os
    return ${version}, int(os.environ["VERSION"])

@app.cls(image=image)
class Model:
    size: int = modal.parameter(default=3)
    @modal.method()
    def version(self, factor):
        return ${version} * factor * self.size
`;

let server: RunningServer;
let python: ModalClient;
let javascript: official.ModalClient;

beforeAll(async () => {
  noteMethods("js", official);
  server = await runningServer({ clients: [modalVersions.newest] });
  python = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  await deploy(1);
  // Where the server is, the client learns from its environment alone.
  process.env["MODAL_SERVER_URL"] = python.environment["MODAL_SERVER_URL"] ?? "";
  javascript = new official.ModalClient({
    tokenId: python.environment["MODAL_TOKEN_ID"] ?? "",
    tokenSecret: python.environment["MODAL_TOKEN_SECRET"] ?? "",
  });
}, 240_000);

afterAll(async () => {
  javascript.close();
  await server[Symbol.asyncDispose]();
});

async function deploy(version: number): Promise<void> {
  await using project = await temporaryDirectory({ "shop.py": shop(version) });
  const { code, stdout, stderr } = await python.modal(["deploy", "shop.py"], { cwd: project.path });
  expect(code, stdout + stderr).toBe(0);
}

/** What a Python program prints, which must succeed. */
async function printed(program: string): Promise<string> {
  const { code, stdout, stderr } = await python.python(["-c", program]);
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

test("the Python client is told of what is not there in the words that programs look for [A20]", async () => {
  const out = await printed(`
import modal
modal.Secret.objects.create("db", {"USER": "u"})
app = modal.App.lookup("lookups", create_if_missing=True)
def tell(what, look):
    try:
        look()
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {error}")
for kind in (modal.Volume, modal.Secret, modal.Dict, modal.Queue):
    tell(kind.__name__, lambda: kind.from_name("nothing").hydrate())
tell("keys", lambda: modal.Secret.from_name("db", required_keys=["USER", "A", "B"]).hydrate())
tell("image name", lambda: modal.Image.from_name("nothing").build(app))
tell("image id", lambda: modal.Image.from_id("im-nothing").build(app))
tell("sandbox", lambda: modal.Sandbox.from_name("lookups", "nothing"))
tell("app", lambda: modal.App.lookup("nothing"))
tell("function", lambda: modal.Function.from_name("shop", "nothing").hydrate())
tell("no app", lambda: modal.Function.from_name("nothing", "nothing").hydrate())
tell("class as function", lambda: modal.Function.from_name("shop", "Model").hydrate())
tell("class", lambda: modal.Cls.from_name("shop", "Nothing").hydrate())
tell("call", lambda: modal.FunctionCall.from_id("fc-nothing").get(timeout=1))
`);
  for (const kind of ["Volume", "Secret", "Dict", "Queue"])
    expect(out).toContain(`${kind}: NotFoundError: ${kind} 'nothing' not found.`);
  expect(out).toContain("keys: ConflictError: Secret is missing key(s): A, B.");
  expect(out).toContain("image name: NotFoundError: Image 'nothing:latest' not found.");
  expect(out).toContain("image id: NotFoundError: Could not find image with ID 'im-nothing'.");
  for (const what of ["sandbox", "app", "function", "no app", "class", "call"])
    expect(out).toMatch(new RegExp(`^${what}: NotFoundError: .*`, "m"));
  expect(out).toMatch(
    /^class as function: NotFoundError: .* is a modal\.Cls\. Use `modal\.Cls\.from_name` instead/m,
  );
});

test("functions run on images that are looked up by name and by id, with what the client depends on [A19]", async () => {
  const out = await printed(`
import modal
app = modal.App.lookup("images", create_if_missing=True)
built = modal.Image.debian_slim("3.11").run_commands("echo made > /made").build(app)
built.publish("tools")
program = """
import modal
app = modal.App("on-named")
def read():
    import cbor2, grpclib, synchronicity
    return open("/made").read().strip()
named = app.function(image=modal.Image.from_name("tools"), name="named", serialized=True)(read)
known = app.function(image=modal.Image.from_id("%s"), name="known", serialized=True)(read)
with app.run():
    print(named.remote(), known.remote())
""" % built.object_id
exec(program, {"__name__": "program"})
`);
  expect(out).toContain("made made");
});

test("the JavaScript client is told the same [A20]", async () => {
  const words = (pattern: RegExp) => ({
    name: "NotFoundError",
    message: expect.stringMatching(pattern) as string,
  });
  const { volumes, secrets, queues, images, proxies, sandboxes } = javascript;
  await expect(volumes.fromName("nothing")).rejects.toMatchObject(words(/^Volume 'nothing' not found/));
  await expect(secrets.fromName("nothing")).rejects.toMatchObject(words(/^Secret 'nothing' not found/));
  await expect(queues.fromName("nothing")).rejects.toMatchObject(words(/^Queue 'nothing' not found/));
  await expect(secrets.fromName("db", { requiredKeys: ["C"] })).rejects.toMatchObject(
    words(/^Secret is missing key\(s\): C/),
  );
  await expect(images.fromId("im-nothing")).rejects.toMatchObject(words(/^Could not find image with ID/));
  await expect(images.delete("im-nothing")).rejects.toMatchObject(words(/^No Image with ID/));
  await expect(proxies.fromName("nothing")).rejects.toMatchObject(words(/^Proxy 'nothing' not found/));
  await expect(sandboxes.fromName("lookups", "nothing")).rejects.toMatchObject(words(/not found/));
});

test("a version of an app is called while others are deployed, and none that never was [A20]", async () => {
  const calls = `
import modal
def versions(**pin):
    function = modal.Function.from_name("shop", "version", **pin)
    model = modal.Cls.from_name("shop", "Model", **pin)
    return *function.remote(), model().version.remote(10), model(size=5).version.remote(10)
print("newest", versions())
print("first", versions(version=1))
`;
  expect(await printed(calls)).toContain("newest (1, 1, 30, 50)\nfirst (1, 1, 30, 50)");
  await deploy(2);
  expect(await printed(calls)).toContain("newest (2, 2, 60, 100)\nfirst (1, 1, 30, 50)");
  const pinned = await printed(`
import modal
def tell(look):
    try:
        print(look())
    except Exception as error:
        print(type(error).__name__, error)
first = modal.Function.from_name("shop", "version", version=1)
print(list(first.map([0, 1])), first.spawn().get())
tell(lambda: modal.Function.from_name("shop", "version", version=99).remote())
tell(lambda: modal.Cls.from_name("shop", "Model", version=99)().version.remote(1))
tell(lambda: modal.Function.from_name("shop", "nothing", version=1).remote())
`);
  expect(pinned).toContain("[(1, 1), (1, 1)] (1, 1)");
  expect(pinned.match(/^NotFoundError .*There is no version 99 of this app/gm)).toHaveLength(2);
  expect(pinned).toMatch(/^NotFoundError .*has no function "nothing"/m);
});
