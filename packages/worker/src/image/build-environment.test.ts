import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readOperatorSettings } from "@dorian/operator/operator-settings";
import { expect, onTestFinished, test } from "vitest";
import { buildEnvironment } from "./build-environment.ts";

async function files(content: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "dorian-operator-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [path, text] of Object.entries(content)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

const osRelease = (codename: string) => `ID=debian\nVERSION_CODENAME=${codename}\nPRETTY_NAME="Debian"\n`;
const certificate = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;

async function environmentFor(image: Record<string, string>) {
  const rootPath = await files({
    "etc/os-release": osRelease("trixie"),
    "etc/apt/apt.conf.d/x": "",
    ...image,
  });
  const directory = await files({});
  const settings = await readOperatorSettings({
    env: { DORIAN_APT_MIRROR: "http://m.example/debian", https_proxy: "http://p.example" },
    home: directory,
  });
  const built = await buildEnvironment(
    { ...settings, certificates: certificate("A") },
    { directory, cacheDirectory: join(directory, "cache"), rootPath },
  );
  return { ...built, targets: built.mounts.map((mount) => mount.target) };
}

test("a step gets proxies in both spellings and certificates for each tool, by read-only mounts", async () => {
  const { env, mounts, targets } = await environmentFor({});
  expect(env).toMatchObject({
    https_proxy: "http://p.example",
    HTTPS_PROXY: "http://p.example",
    SSL_CERT_FILE: "/run/dorian/operator/certificates.crt",
    NODE_EXTRA_CA_CERTS: "/run/dorian/operator/certificates.crt",
  });
  expect(targets).toContain("/etc/apt/apt.conf.d/95dorian-operator");
  expect(mounts.filter((mount) => !mount.readOnly).map((mount) => mount.target)).toEqual([
    "/run/dorian/cache",
  ]);
});

test("the operator's archives stand in for the image's own, unless those are the same", async () => {
  const own = "/etc/apt/sources.list.d/debian.sources";
  const source = (uri: string) => `Types: deb\nURIs: ${uri}\nSuites: trixie\nComponents: main\n`;
  expect((await environmentFor({})).targets).toContain("/etc/apt/sources.list.d/dorian-operator.sources");
  expect((await environmentFor({ [own]: source("http://other.example") })).targets).toContain(own);
  const same = await environmentFor({
    [own]: source("http://m.example/debian http://m.example/debian-security"),
  });
  expect(same.targets.filter((target) => target.includes("sources"))).toEqual([]);
  const ubuntu = await environmentFor({ "etc/os-release": "ID=ubuntu\nVERSION_CODENAME=noble\n" });
  expect(ubuntu.targets.filter((target) => target.includes("sources"))).toEqual([]);
});
