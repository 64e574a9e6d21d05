import { appendFile, cp } from "node:fs/promises";
import { connect as connectPlainly } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { checkout } from "@dorian/testkit/checkout";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian, runCommand } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const source = `
import { App, Image } from "dorian";
export const app = new App("secure", { image: Image.debianSlim() });
export const size = app.function({ name: "size", minContainers: 1 }, async (bytes: Uint8Array) => new Uint8Array(bytes.length).fill(7));
`;

let project: TemporaryDirectory;
let server: RunningServer;
let url: URL;
/** What `dorian token new` says that a client's shell needs. */
let variables: Record<string, string>;
let python: ModalClient;

beforeAll(async () => {
  project = await temporaryDirectory();
  // Not at localhost, where clients would not look at certificates.
  server = await runningServer({
    clients: [modalVersions.newest],
    apps: [source],
    args: ["--listen", "0.0.0.0:0", "--tls", "--web-ports", "0"],
  });
  url = new URL(String(server.processes.ready["url"]));
  const printed = await dorian(server.dataDirectory, ["token", "new"]);
  const lines = [...printed.stdout.matchAll(/^export (\w+)=(.*)$/gm)];
  variables = Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value]));
  expect(printed.stderr).toContain("certifi");
  python = await ModalClient.open(modalVersions.newest, server.dataDirectory);
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** The environment of Python's client as `token new` says, with the server's authority in certifi's list as it advises. */
async function trustingPython(): Promise<Record<string, string>> {
  const { stdout } = await python.python(["-c", "import certifi; print(certifi.where())"]);
  const list = stdout.trim();
  await cp(join(list, ".."), join(project.path, "certifi"), { recursive: true });
  await appendFile(
    join(project.path, "certifi/cacert.pem"),
    await readFile(variables["SSL_CERT_FILE"] ?? ""),
  );
  return { ...variables, PYTHONPATH: project.path };
}

test("addresses are given as https, and the command line and the SDK trust the data directory's authority by themselves [B20]", async () => {
  expect([url.protocol, variables["MODAL_SERVER_URL"]]).toEqual(["https:", url.href.slice(0, -1)]);
  expect(url.hostname).not.toBe("127.0.0.1");
  const listed = await dorian(server.dataDirectory, ["app", "list", "--json"]);
  expect([listed.code, listed.stdout]).toEqual([0, expect.stringContaining("secure") as string]);
  expect((await server.client.modal.tokenFlowCreate({})).webUrl).toMatch(/^https:/);
});

test("a client that does not trust the authority is told so, and what to do; one that is given it connects [B20]", async () => {
  const elsewhere = { ...variables, DORIAN_DATA: "/nonexistent", NODE_EXTRA_CA_CERTS: "" };
  const refused = await dorian("/nonexistent", ["app", "list"], { env: elsewhere });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/SERVER_CERTIFICATE_REFUSED[^]*NODE_EXTRA_CA_CERTS/);
  const trusted = await dorian("/nonexistent", ["app", "list"], {
    env: { ...elsewhere, NODE_EXTRA_CA_CERTS: variables["NODE_EXTRA_CA_CERTS"] ?? "" },
  });
  expect([trusted.code, trusted.stderr]).toEqual([0, ""]);
});

test("the Python client calls, sends and fetches files, and runs commands in containers over TLS [B20]", async () => {
  const env = await trustingPython();
  const script = await temporaryDirectory({
    "call.py": `
import modal
size = modal.Function.from_name("secure", "size")
print(len(size.remote(b"x" * 3_000_000)))
`,
    "large.bin": "y".repeat(9_000_000),
  });
  await using _ = script;
  const called = await python.python(["call.py"], { cwd: script.path, env });
  expect([called.code, called.stdout], called.stderr).toEqual([0, "3000000\n"]);
  for (const args of [
    ["volume", "create", "kept"],
    ["volume", "put", "kept", "large.bin", "/large.bin"],
    ["volume", "get", "kept", "/large.bin", "back.bin"],
  ]) {
    const result = await python.modal(args, { cwd: script.path, env });
    expect(result.code, result.stdout + result.stderr).toBe(0);
  }
  expect((await readFile(join(script.path, "back.bin"))).length).toBe(9_000_000);
  const taskId = await aContainer();
  const exec = await python.modal(["container", "exec", "--no-pty", taskId, "--", "echo", "inside"], { env });
  expect([exec.code, exec.stdout], exec.stderr).toEqual([0, "inside\n"]);
});

test("the JavaScript client calls, sends large values and runs commands in sandboxes over TLS [B20]", async () => {
  const { stdout } = await dorian(server.dataDirectory, ["image", "list", "--json"]);
  const images = JSON.parse(stdout) as { imageId: string }[];
  const script = `
import { ModalClient } from ${JSON.stringify(join(checkout, "node_modules/modal/dist/index.js"))};
const modal = new ModalClient();
const size = await modal.functions.fromName("secure", "size");
console.log((await size.remote([new Uint8Array(3_000_000)])).length);
const app = await modal.apps.fromName("from-js", { createIfMissing: true });
const image = await modal.images.fromId(process.argv[2]);
const sandbox = await modal.sandboxes.create(app, image, { command: ["sleep", "300"] });
const process_ = await sandbox.exec(["echo", "in the sandbox"]);
console.log((await process_.stdout.readText()).trim(), await process_.wait());
await sandbox.terminate();
modal.close();
`;
  await using directory = await temporaryDirectory({ "client.mjs": script });
  const run = await runCommand(
    [process.execPath, join(directory.path, "client.mjs"), images.at(-1)?.imageId ?? ""],
    { cwd: directory.path, env: { ...variables, MODAL_CONFIG_PATH: join(directory.path, "none.toml") } },
  );
  expect([run.code, run.stdout], run.stderr).toEqual([0, "3000000\nin the sandbox 0\n"]);
});

test("OpenSSL and curl find what the certificate promises, on every kind of port [B20]", async () => {
  const authority = variables["NODE_EXTRA_CA_CERTS"] ?? "";
  const page = (await server.client.modal.tokenFlowCreate({})).webUrl;
  const fetched = await runCommand(["curl", "--silent", "--show-error", "--cacert", authority, page], {});
  expect(fetched.stdout, fetched.stderr).toContain("dorian token approve");
  const untrusted = await runCommand(["curl", "--silent", page], {
    env: { CURL_CA_BUNDLE: "", SSL_CERT_FILE: "" },
  });
  expect(untrusted.code).toBe(60);
  const handshake = await runCommand(
    `openssl s_client -connect ${url.host} -CAfile ${authority} -verify_ip ${url.hostname} -verify_return_error -alpn h2 -tls1_2 -brief`.split(
      " ",
    ),
    { input: "" },
  );
  expect(handshake.stdout + handshake.stderr).toMatch(/Protocol version: TLSv1\.2[^]*Verification: OK/);
  const old = await runCommand(
    `openssl s_client -connect ${url.host} -tls1_1 -cipher ALL:@SECLEVEL=0`.split(" "),
    { input: "" },
  );
  expect(old.code).not.toBe(0);
});

test("plain text goes on within this machine, on the same port [B20]", async () => {
  const listed = await dorian(server.dataDirectory, ["app", "list", "--json"], {
    env: { MODAL_SERVER_URL: `http://127.0.0.1:${url.port}` },
  });
  expect([listed.code, listed.stdout]).toEqual([0, expect.stringContaining("secure") as string]);
});

test("from another machine plain text is refused in words before anything is said, and TLS is taken [B20]", async () => {
  const page = new URL((await server.client.modal.tokenFlowCreate({})).webUrl);
  await using machine = await anotherMachine();
  const curl = (...args: string[]) =>
    runCommand([...machine.within, "curl", "--silent", "--max-time", "20", ...args], {});
  const at = `${machine.serverAddress}:${page.port}${page.pathname}`;
  const plain = await curl("--include", `http://${at}`);
  expect(plain.stdout).toMatch(/^HTTP\/1\.1 400 [^]*reached by https/);
  const calls = await curl("--http2-prior-knowledge", `http://${machine.serverAddress}:${url.port}/`);
  expect([calls.code === 0, calls.stdout]).toEqual([false, ""]);
  expect((await curl("--insecure", `https://${at}`)).stdout).toContain("dorian token approve");
});

test("handshakes that stop, and very many, do not keep others from being served [B8]", async () => {
  const address = { host: url.hostname, port: Number(url.port) };
  const halves = Array.from({ length: 800 }, () => {
    const socket = connectPlainly(address).on("error", () => undefined);
    socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
    return new Promise<void>((resolve) => socket.resume().once("close", () => resolve()));
  });
  let handshakes = 0;
  const flood = Array.from({ length: 20 }, async () => {
    for (let count = 0; count < 25; count++) {
      const socket = connect({ ...address, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
      await new Promise<void>((resolve) => {
        socket.once("secureConnect", () => {
          handshakes++;
          socket.destroy();
        });
        socket.on("error", () => undefined).once("close", () => resolve());
      });
    }
  });
  const answered = async () =>
    (await server.client.modal.appList({}, { signal: AbortSignal.timeout(10_000) })).apps;
  const isOver = Promise.all(flood).then(() => true);
  while (!(await Promise.race([isOver, delay(50, false)])))
    expect((await answered()).length).toBeGreaterThan(0);
  expect(handshakes).toBeGreaterThan(400);
  await Promise.all(halves);
  expect((await answered()).length).toBeGreaterThan(0);
});

test("an address of the network wants TLS, or that plain text is meant [B20]", async () => {
  await using other = await temporaryDirectory();
  for (const command of ["up", "server"]) {
    const refused = await dorian(other.path, [command, "--listen", "0.0.0.0:0"]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/PLAINTEXT_UNGUARDED[^]*--tls[^]*--plaintext/) as string,
    ]);
  }
  await using meant = await DorianProcess.start({
    dataDirectory: other.path,
    command: "server",
    args: ["--listen", "0.0.0.0:0", "--plaintext"],
  });
  expect(meant.ready["url"]).toMatch(/^http:/);
});

interface OtherMachine extends AsyncDisposable {
  /** Command that runs the one behind it there. */
  within: string[];
  /** Where it finds this one. */
  serverAddress: string;
}

/** A network namespace with a cable to this one: as far away as another machine. */
async function anotherMachine(): Promise<OtherMachine> {
  const name = `far-${process.pid}`;
  const serverAddress = "198.18.77.1";
  const ip = async (...args: string[]) => {
    const { code, stderr } = await runCommand(["ip", ...args], {});
    expect(code, stderr).toBe(0);
  };
  await using making = new AsyncDisposableStack();
  await ip("netns", "add", name);
  making.defer(() => ip("netns", "delete", name));
  await ip("link", "add", name, "type", "veth", "peer", "name", "near", "netns", name);
  await ip("address", "add", `${serverAddress}/30`, "dev", name);
  await ip("link", "set", name, "up");
  await ip("-netns", name, "address", "add", "198.18.77.2/30", "dev", "near");
  await ip("-netns", name, "link", "set", "near", "up");
  const made = making.move();
  return {
    within: ["ip", "netns", "exec", name],
    serverAddress,
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

async function aContainer(): Promise<string> {
  return await vi.waitFor(
    async () => {
      const { stdout } = await dorian(server.dataDirectory, ["container", "list", "--json"]);
      const [first] = JSON.parse(stdout) as { taskId: string; state: string }[];
      expect(first?.state).toMatch(/idle|running/);
      return first?.taskId ?? "";
    },
    { timeout: 30_000, interval: 200 },
  );
}
