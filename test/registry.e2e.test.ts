import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runApp } from "@dorian/testkit/app-run";
import { busyboxRootfs } from "@dorian/testkit/busybox-rootfs";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { PrivateRegistry, registryAccount } from "@dorian/testkit/private-registry";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

let registry: PrivateRegistry;
let server: RunningServer;
let client: ModalClient;

beforeAll(async () => {
  registry = await PrivateRegistry.start();
  await using rootfs = await busyboxRootfs();
  await using marked = await temporaryDirectory({ "etc/mark": "first\n" });
  const config = { Env: ["PATH=/bin", "FROM_REGISTRY=yes"], WorkingDir: "/etc" };
  await registry.push("team/tools", "1", { layers: [rootfs.path, marked.path], config });
  server = await runningServer({
    clients: [modalVersions.newest],
    env: { DORIAN_FETCH_FROM: registry.host },
  });
  client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Builds the image that `expression` makes, and says what was printed and how it ended. */
async function build(
  expression: string,
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const lines = [
    "import modal, os",
    'app = modal.App.lookup("registry", create_if_missing=True)',
    `host = "${registry.host}"`,
    `account = {"REGISTRY_USERNAME": "${registryAccount.username}", "REGISTRY_PASSWORD": "${registryAccount.password}"}`,
    `image = ${expression}`,
    "with modal.enable_output():",
    "    image.build(app)",
  ];
  await using project = await temporaryDirectory({ "build.py": lines.join("\n") });
  const { code, stdout, stderr } = await client.python(["build.py"], { cwd: project.path, env });
  return { code, output: stdout + stderr };
}

const withLogin = 'modal.Image.from_registry(f"{host}/team/tools:1", secret=modal.Secret.from_dict(account))';

test("an image of a private registry is refused without a login, and with a wrong one", async () => {
  const anonymous = await build('modal.Image.from_registry(f"{host}/team/tools:1")');
  expect(anonymous.code).not.toBe(0);
  expect(anonymous.output).toContain(`${registry.host} refuses access to team/tools`);
  const wrong = await build(
    'modal.Image.from_registry(f"{host}/team/tools:1", secret=modal.Secret.from_dict({**account, "REGISTRY_PASSWORD": "guess"}))',
  );
  expect(wrong.code).not.toBe(0);
  expect(wrong.output).toContain(`${registry.host} refuses access to team/tools`);
});

test("with a secret it is pulled with its layers, environment and directory; steps do not see the login", async () => {
  const look = 'echo "mark=$(cat mark) $FROM_REGISTRY in $(pwd) user=[$REGISTRY_USERNAME]"';
  const built = await build(`${withLogin}.run_commands(${JSON.stringify(look)})`);
  expect(built.output).toContain("mark=first yes in /etc user=[]");
  expect(built.code).toBe(0);
});

test("a Dockerfile's base is pulled with the login that comes with it, and with the operator's", async () => {
  await using docker = await temporaryDirectory({
    Dockerfile: `FROM ${registry.host}/team/tools:1\nRUN echo "from a Dockerfile: $FROM_REGISTRY"\n`,
  });
  const path = JSON.stringify(join(docker.path, "Dockerfile"));
  const built = await build(
    `modal.Image.from_dockerfile(${path}, registry_secret=modal.Secret.from_dict(account))`,
  );
  expect(built.output).toContain("from a Dockerfile: yes");
  expect(built.code).toBe(0);
});

test("a TypeScript image logs in by its secret, directly or for a Dockerfile, and its steps do not see the login", async () => {
  // Names of their own, for each try of this test: what was pulled once is there.
  const mark = randomUUID();
  const login = `Secret.fromObject({ REGISTRY_USERNAME: "${registryAccount.username}", REGISTRY_PASSWORD: "${registryAccount.password}" })`;
  const look = (way: string) =>
    `.runCommands('echo "${way} ${mark}: $FROM_REGISTRY in $(pwd) user=[$REGISTRY_USERNAME]"')`;
  await using rootfs = await busyboxRootfs();
  const config = { Env: ["PATH=/bin", "FROM_REGISTRY=yes"], WorkingDir: "/etc" };
  for (const name of [`team/direct-${mark}`, `team/docker-${mark}`])
    await registry.push(name, "1", { layers: [rootfs.path], config });
  const reference = `${registry.host}/team/direct-${mark}:1`;
  const images = {
    anonymous: `Image.fromRegistry("${reference}")`,
    direct: `Image.fromRegistry("${reference}", { secret: ${login} })${look("direct")}`,
    docker: `Image.fromDockerfile("Dockerfile", { registrySecret: ${login} })${look("docker")}`,
  };
  const deploy = (image: string) =>
    runApp(
      server.dataDirectory,
      `
import { App, Image, Secret } from "dorian";
export const app = new App("pulling", { image: ${image} });
export const nothing = app.function({ name: "nothing" }, async () => 0);
`,
      { command: "deploy", files: { Dockerfile: `FROM ${registry.host}/team/docker-${mark}:1\n` } },
    );
  const anonymous = await deploy(images.anonymous);
  expect(anonymous.code).toBe(1);
  expect(anonymous.stderr).toContain(`${registry.host} refuses access to team/direct-${mark}`);
  for (const way of ["direct", "docker"] as const) {
    const { code, stderr } = await deploy(images[way]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`${way} ${mark}: yes in /etc user=[]`);
  }
  // That it was pulled for somebody gives it to nobody else.
  const later = await deploy(images.anonymous);
  expect(later.code).toBe(1);
  expect(later.stderr).toContain(`${registry.host} refuses access to team/direct-${mark}`);
});

test("a forced build asks the registry what the tag stands for now [B6]", async () => {
  await using rootfs = await busyboxRootfs();
  await using marked = await temporaryDirectory({ "etc/mark": "second\n" });
  await registry.push("team/tools", "1", { layers: [rootfs.path, marked.path] });
  const look = (marker: string) => `.run_commands("cat /etc/mark # ${marker}")`;
  const cached = await build(withLogin + look("as it was"));
  expect(cached.output).toMatch(/^first$/m);
  const forced = await build(withLogin + look("anew"), { MODAL_FORCE_BUILD: "1" });
  expect(forced.output).toMatch(/^second$/m);
});

test("no layer and no log holds the registry's password", async () => {
  const bases = await readFile(join(server.dataDirectory, "bases.json"), "utf8");
  expect(bases).toContain("team/tools");
  expect(bases).not.toContain(registryAccount.password);
  expect(server.processes.output).not.toContain(registryAccount.password);
});
