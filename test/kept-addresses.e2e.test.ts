import { appendFile, cp, readFile } from "node:fs/promises";
import { connect as connectPlainly, type Socket } from "node:net";
import { hostname } from "node:os";
import { lookup } from "node:dns/promises";
import { join } from "node:path";
import { connect as connectSecurely } from "node:tls";
import { DorianProcess, isAlive } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";

type Speech = "plain" | "TLS";

/** This machine's, where it has one that leads anywhere. */
const name = await lookup(hostname()).then(
  () => hostname(),
  () => "localhost",
);

/** What `dorian up` is told to listen on, and how clients then reach it. */
const ways: [listen: string, args: string[], hosts: string[], speech: Speech[]][] = [
  ["localhost:0", [], ["localhost"], ["plain"]],
  ["[::]:0", ["--tls"], ["::1", "127.0.0.1", "localhost"], ["plain", "TLS"]],
  [`${name}:0`, ["--tls"], [name], ["plain", "TLS"]],
];

test.each(ways)(
  "under `dorian up --listen %s %j` who connects while the server is dead is served by the next one, by %j, in %j",
  async (listen, args, hosts, speeches) => {
    await using data = await temporaryDirectory();
    await using up = await DorianProcess.start({
      dataDirectory: data.path,
      args: ["--listen", listen, ...args],
    });
    const port = Number(new URL(String(up.ready["url"])).port);
    const replaced = await killServer(up);
    const served = hosts.flatMap((host) => speeches.map((speech) => isServed({ host, port, speech })));
    expect(await Promise.all(served)).not.toContain(false);
    await replaced();
  },
);

test("a server that runs alone keeps nothing: who connects while it is away is refused, and served when it is back", async () => {
  await using data = await temporaryDirectory();
  const start = (listen: string) =>
    DorianProcess.start({ dataDirectory: data.path, command: "server", args: ["--listen", listen] });
  const server = await start("127.0.0.1:0");
  const { hostname: host, port, host: address } = new URL(String(server.ready["url"]));
  await server.kill();
  expect(await isServed({ host, port: Number(port), speech: "plain" })).toBe(false);
  await using _next = await start(address);
  expect(await isServed({ host, port: Number(port), speech: "plain" })).toBe(true);
});

test("the official client finds a server that speaks TLS however often it is killed", async () => {
  await using server = await runningServer({
    clients: [modalVersions.newest],
    apps: [
      `import { App, Image } from "dorian";
export const app = new App("kept-tls", { image: Image.debianSlim() });
export const add = app.function({ name: "add", minContainers: 1 }, async (a: number, b: number) => a + b);`,
    ],
    // Not at localhost, where clients would not look at certificates.
    args: ["--listen", "0.0.0.0:0", "--tls", "--web-ports", "0"],
  });
  const python = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  await using project = await temporaryDirectory({
    "call.py": `
import modal
add = modal.Function.from_name("kept-tls", "add")
for n in range(60):
    print(add.remote(n, 1), flush=True)
`,
  });
  let seen = 0;
  const tenth = Promise.withResolvers<void>();
  const thirtieth = Promise.withResolvers<void>();
  const calling = python.python(["call.py"], {
    cwd: project.path,
    env: await trusting(server.dataDirectory, python, project.path),
    onOutput(text) {
      seen += text.split("\n").length - 1;
      if (seen >= 10) tenth.resolve();
      if (seen >= 30) thirtieth.resolve();
    },
  });
  for (const { promise } of [tenth, thirtieth]) {
    await Promise.race([promise, calling]);
    await (
      await killServer(server.processes)
    )();
  }
  const { stdout, stderr } = await calling;
  expect(stdout.trim().split("\n"), stderr).toEqual(Array.from({ length: 60 }, (_, n) => String(n + 1)));
});

/** Resolves when it is dead, with what resolves when the next one has begun. */
async function killServer(up: DorianProcess): Promise<() => Promise<unknown>> {
  const killed = await up.pidOf("server");
  process.kill(killed, "SIGKILL");
  await eventually(
    async () => isAlive(killed),
    (alive) => !alive,
  );
  return () =>
    eventually(
      () => up.pidOf("server").catch(() => killed),
      (pid) => pid !== killed,
    );
}

/** Whether a server answers on a connection that is begun now, in HTTP/2. */
async function isServed(at: { host: string; port: number; speech: Speech }): Promise<boolean> {
  const { host, port, speech } = at;
  const socket: Socket =
    speech === "plain"
      ? connectPlainly({ host, port })
      : connectSecurely({ host, port, ALPNProtocols: ["h2"], rejectUnauthorized: false });
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once("error", () => resolve(false)).once("close", () => resolve(false));
      socket.once("data", () => resolve(true));
      socket.write(preface);
    });
  } finally {
    socket.destroy();
  }
}

/** How a client begins: its magic words, and settings that say nothing. */
const preface = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** The environment of Python's client as `token new` says, with the server's authority in certifi's list as it advises. */
async function trusting(
  dataDirectory: string,
  python: ModalClient,
  project: string,
): Promise<Record<string, string>> {
  const printed = await dorian(dataDirectory, ["token", "new"]);
  const lines = [...printed.stdout.matchAll(/^export (\w+)=(.*)$/gm)];
  const variables = Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value]));
  const { stdout } = await python.python(["-c", "import certifi; print(certifi.where())"]);
  await cp(join(stdout.trim(), ".."), join(project, "certifi"), { recursive: true });
  await appendFile(join(project, "certifi/cacert.pem"), await readFile(variables["SSL_CERT_FILE"] ?? ""));
  return { ...variables, PYTHONPATH: project };
}
