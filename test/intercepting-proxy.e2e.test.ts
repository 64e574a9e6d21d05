import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian, runCommand } from "@dorian/testkit/run-command";
import { runningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, onTestFinished, test } from "vitest";

/** Takes CONNECT, ends the TLS of whoever asks with a certificate that its authority has signed, and answers itself. */
const proxy = `
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecure } from "node:https";
const inner = createSecure(
  { cert: readFileSync("server.crt"), key: readFileSync("server.key") },
  (request, response) => response.end("intercepted " + request.headers.host),
);
createServer()
  .on("connect", (_request, socket) => {
    socket.on("error", () => undefined).write("HTTP/1.1 200 OK\\r\\n\\r\\n");
    inner.emit("connection", socket);
  })
  .listen(3128, process.argv[2], () => console.log("ready"));
`;

const openssl = `
set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj "/CN=proxy authority" \
  -addext basicConstraints=critical,CA:TRUE
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=far.example"
printf 'subjectAltName=DNS:far.example' > names
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile names
`;

const fetching = `node -e 'fetch("https://far.example/").then((answer) => answer.text()).then(console.log)'`;

const typescript = `
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { App, Image } from "dorian";
const image = Image.debianSlim().runCommands(${JSON.stringify(`NODE_USE_ENV_PROXY=1 ${fetching} > /from-build`)});
export const app = new App("intercepted", { image });
export const ask = app.function({ name: "ask" }, async () => {
  const run = (command: string) => promisify(execFile)("sh", ["-c", command]).then(({ stdout }) => stdout.trim());
  return [await run("cat /from-build"), await run(${JSON.stringify(`NODE_USE_ENV_PROXY=1 ${fetching}`)})];
});
app.localEntrypoint(async () => console.log("> " + JSON.stringify(await ask.remote())));
`;

const python = `
import modal
app = modal.App("intercepted-python", image=modal.Image.debian_slim("3.11"))

@app.function()
def ask():
    import urllib.request
    return urllib.request.urlopen("https://far.example/").read().decode()

@app.function(secrets=[modal.Secret.from_dict({"SSL_CERT_FILE": "/nowhere.crt"})])
def ask_with_own():
    import os, ssl
    return [os.environ["SSL_CERT_FILE"], len(ssl.create_default_context().get_ca_certs())]

@app.local_entrypoint()
def main():
    print(">", ask.remote(), ask_with_own.remote())
`;

test("behind a proxy that breaks TLS, build steps and functions in both languages get out, with its authority as the operator names it", async () => {
  await using files = await temporaryDirectory({ "proxy.mjs": proxy });
  const made = await runCommand(["sh", "-c", openssl], { cwd: files.path });
  expect(made.code, made.stderr).toBe(0);
  const address = await proxyElsewhere(files.path);
  await using server = await runningServer({
    clients: [modalVersions.newest],
    env: {
      https_proxy: `http://${address}:3128`,
      SSL_CERT_FILE: join(files.path, "ca.crt"),
      // Packages come from where they come from.
      no_proxy: "localhost,127.0.0.1",
    },
  });
  await using project = await temporaryDirectory({ "app.ts": typescript, "app.py": python });
  const ran = await dorian(server.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  expect(ran.stdout, ran.stderr).toContain('> ["intercepted far.example","intercepted far.example"]');
  const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  const called = await client.modal(["run", "app.py"], { cwd: project.path });
  expect(called.stdout, called.stderr).toContain("> intercepted far.example ['/nowhere.crt', 0]");
});

/** Runs the proxy in a network namespace of its own, until the test ends. Returns where containers reach it. */
async function proxyElsewhere(directory: string): Promise<string> {
  const name = `proxy-${process.pid}`;
  const ip = async (...args: string[]) => {
    const { code, stderr } = await runCommand(["ip", ...args], {});
    expect(code, stderr).toBe(0);
  };
  await ip("netns", "add", name);
  onTestFinished(() => ip("netns", "delete", name));
  await ip("link", "add", name, "type", "veth", "peer", "name", "near", "netns", name);
  await ip("address", "add", "198.18.78.1/30", "dev", name);
  await ip("link", "set", name, "up");
  await ip("-netns", name, "address", "add", "198.18.78.2/30", "dev", "near");
  await ip("-netns", name, "link", "set", "near", "up");
  const child = spawn("ip", ["netns", "exec", name, process.execPath, "proxy.mjs", "198.18.78.2"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  if (child.stdout) await once(createInterface({ input: child.stdout }), "line");
  return "198.18.78.2";
}
