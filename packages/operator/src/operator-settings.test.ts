import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  archivesFor,
  mirrorArchives,
  parseAptSources,
  readAptArchives,
  renderDeb822,
  renderOneLine,
} from "./apt-sources.ts";
import { readCertificateBundle } from "./certificate-bundle.ts";
import { readNpmSettings } from "./npm-settings.ts";
import { localLinks, pipEnvironment, readPipSettings } from "./pip-settings.ts";
import { readRegistrySettings } from "./registry-settings.ts";

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
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const certificate = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;

test("apt's own archives are read in both forms, those of third parties and disabled ones are not", async () => {
  const root = await files({
    "etc/os-release": osRelease("bookworm"),
    "etc/apt/sources.list":
      "deb http://old.example/debian bookworm main contrib # note\n# deb http://x bookworm main\n",
    "etc/apt/sources.list.d/a.sources": `Types: deb deb-src\n# why\nURIs: http://m.example/debian\nSuites: bookworm\n bookworm-updates\nComponents: main\nSigned-By: ${keyring}\n\nTypes: deb\nEnabled: no\nURIs: http://off.example\nSuites: bookworm\nComponents: main\n`,
    "etc/apt/sources.list.d/third.list":
      "deb [arch=amd64 signed-by=/etc/apt/keyrings/x.gpg] https://x.example bookworm main\n",
    "etc/apt/sources.list.d/other.list": "deb https://y.example nodistro main\n",
    "etc/apt/sources.list.d/backup.save": "deb http://z.example bookworm main\n",
  });
  const archives = await readAptArchives(root);
  expect(archives?.sources.map((source) => source.uris)).toEqual([
    ["http://old.example/debian"],
    ["http://m.example/debian"],
  ]);
  expect(archives?.sources[1]).toMatchObject({ suites: ["bookworm", "bookworm-updates"], signedBy: keyring });
});

test("archives are named for another release, and both ways to write them read back the same", () => {
  const trixie = archivesFor(mirrorArchives("http://m.example/debian/"), "trixie");
  expect(renderOneLine(trixie.sources)).toBe(
    [
      `deb [signed-by=${keyring}] http://m.example/debian trixie main\n`,
      `deb [signed-by=${keyring}] http://m.example/debian trixie-updates main\n`,
      `deb [signed-by=${keyring}] http://m.example/debian-security trixie-security main\n`,
    ].join(""),
  );
  expect(parseAptSources("x.sources", renderDeb822(trixie.sources))).toEqual(trixie.sources);
});

test("npm's registry, scopes and proxies come along, credentials only for registries that are named", async () => {
  const home = await files({
    ".npmrc":
      "registry=https://r.example/npm/\n@team:registry=https://t.example/\n//r.example/npm/:_authToken=${TOKEN}\n//other.example/:_authToken=no\nfund=false\ncafile = /ca.crt\n",
  });
  const settings = await readNpmSettings({
    env: { TOKEN: "tok", npm_config_https_proxy: "http://p.example" },
    home,
    globalFiles: [],
  });
  expect(settings.certificateFile).toBe("/ca.crt");
  expect(settings.npmrc.split("\n").toSorted()).toEqual([
    "",
    "//r.example/npm/:_authToken=tok",
    "@team:registry=https://t.example/",
    "https-proxy=http://p.example",
    "registry=https://r.example/npm/",
  ]);
});

test("pip's files and variables become variables of pip and uv, local links at their place in the container", async () => {
  const home = await files({
    ".config/pip/pip.conf":
      "[global]\nindex-url = https://i.example/simple\ncert = /ca.pem\nextra-index-url =\n  https://e.example\n[list]\nformat=x\n",
  });
  const settings = await readPipSettings({
    env: { PIP_FIND_LINKS: "/opt/wheels https://l.example file:///srv/w", PIP_DEFAULT_TIMEOUT: "9" },
    home,
    globalFiles: [],
  });
  expect(settings.certificateFile).toBe("/ca.pem");
  expect(localLinks(settings)).toEqual(["/opt/wheels", "/srv/w"]);
  expect(pipEnvironment(settings, new Map([["/srv/w", "/in/1"]]))).toEqual({
    PIP_INDEX_URL: "https://i.example/simple",
    PIP_EXTRA_INDEX_URL: "https://e.example",
    PIP_DEFAULT_TIMEOUT: "9",
    PIP_FIND_LINKS: "https://l.example /in/1",
    UV_DEFAULT_INDEX: "https://i.example/simple",
    UV_INDEX: "https://e.example",
    UV_FIND_LINKS: "https://l.example,/in/1",
  });
});

test("certificates are the machine's with those the operator names, each once; none when none is named", async () => {
  const root = await files({
    "etc/ssl/certs/ca-certificates.crt": `${certificate("A")}\n${certificate("B")}\n`,
    "own.pem": `comment\n${certificate("B")}\n${certificate("C")}\n`,
  });
  const bundle = await readCertificateBundle({
    env: { SSL_CERT_FILE: join(root, "own.pem") },
    named: [],
    root,
  });
  expect(bundle).toBe([certificate("A"), certificate("B"), certificate("C"), ""].join("\n"));
  expect(await readCertificateBundle({ env: {}, named: [], root })).toBeUndefined();
  await expect(
    readCertificateBundle({ env: { PIP_CERT: "/nowhere.pem" }, named: [], root }),
  ).rejects.toMatchObject({
    code: "CERTIFICATES_UNREADABLE",
  });
});

test("registries' mirrors and credentials are read, and a mirror written wrongly is refused", async () => {
  const home = await files({
    ".docker/config.json": JSON.stringify({
      auths: {
        "https://index.docker.io/v1/": { auth: Buffer.from("me:pa:ss").toString("base64") },
        "empty.example": {},
      },
    }),
  });
  const env = { DORIAN_REGISTRY_MIRRORS: "docker.io=https://a.example/, docker.io=http://b.example" };
  const settings = await readRegistrySettings({ env, home });
  expect(settings.mirrors.get("docker.io")).toEqual(["https://a.example", "http://b.example"]);
  expect([...settings.credentials]).toEqual([["docker.io", { username: "me", password: "pa:ss" }]]);
  await expect(
    readRegistrySettings({ env: { DORIAN_REGISTRY_MIRRORS: "a.example" }, home }),
  ).rejects.toMatchObject({
    code: "REGISTRY_MIRROR_INVALID",
  });
});
