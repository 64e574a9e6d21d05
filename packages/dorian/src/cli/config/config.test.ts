import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { credentials, readConfig, serverToJoin } from "./config.ts";

const client = { url: "http://127.0.0.1:1", tokenId: "ak-file", tokenSecret: "as-file" };

function dataDirectory(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), "dorian-config-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "client.json"), content);
  return directory;
}

test("an option wins over the environment, and the environment over the data directory", () => {
  const data = dataDirectory(JSON.stringify(client));
  const env = { DORIAN_DATA: data, MODAL_SERVER_URL: "http://env:1", MODAL_TOKEN_ID: "ak-env" };
  // A server that is found by its directory is on this machine, and takes files itself.
  expect(credentials(readConfig({ DORIAN_DATA: data }, {}))).toEqual({
    ...client,
    handover: join(data, "handover"),
  });
  expect(credentials(readConfig(env, {}))).toEqual({
    url: "http://env:1",
    tokenId: "ak-env",
    tokenSecret: "as-file",
  });
  expect(credentials(readConfig(env, { server: "http://option:1" })).url).toBe("http://option:1");
  expect(readConfig(env, { data: "/elsewhere" }).dataDirectory).toBe("/elsewhere");
  expect(readConfig({}, {}).dataDirectory).toBe("/var/lib/dorian");
});

test("what the server of the data directory is to be trusted by goes along with any address of TLS [B20]", () => {
  const trust = { authority: "/data/tls/authority.pem", all: "/data/tls/trusted.pem" };
  const data = dataDirectory(JSON.stringify({ ...client, url: "https://127.0.0.1:1", trust }));
  const env = { DORIAN_DATA: data, MODAL_TOKEN_ID: "ak-env", MODAL_TOKEN_SECRET: "as-env" };
  expect(credentials(readConfig(env, {}))).toMatchObject({
    url: "https://127.0.0.1:1",
    tokenId: "ak-env",
    trust,
  });
  const named = credentials(readConfig(env, { server: "https://localhost:1" }));
  expect(named).toEqual({ url: "https://localhost:1", tokenId: "ak-env", tokenSecret: "as-env", trust });
  expect(credentials(readConfig(env, { server: "http://localhost:1" })).trust).toBeUndefined();
  const elsewhere = readConfig({ ...env, DORIAN_DATA: "/nonexistent" }, { server: "https://box:1" });
  expect(credentials(elsewhere).trust).toBeUndefined();
});

test("what neither an option nor a variable says, the file of settings does, unless a data directory is named", () => {
  const directory = dataDirectory("{}");
  const path = join(directory, "config.json");
  const file = { server: "http://file:1", tokenId: "ak-1", tokenSecret: "as-1", environment: "staging" };
  writeFileSync(path, JSON.stringify(file));
  const env = { DORIAN_CONFIG: path };
  expect(readConfig(env, {})).toMatchObject(file);
  expect(readConfig({ ...env, MODAL_ENVIRONMENT: "main" }, { server: "http://option:1" })).toMatchObject({
    ...file,
    server: "http://option:1",
    environment: "main",
  });
  expect(readConfig({ ...env, MODAL_ENVIRONMENT: "main" }, { environment: "trial" }).environment).toBe(
    "trial",
  );
  expect(readConfig(env, { data: directory })).toMatchObject({ server: undefined, environment: undefined });
});

test("a worker joins the server that is named for it, not the one of the file of settings", () => {
  const path = join(dataDirectory("{}"), "config.json");
  writeFileSync(path, JSON.stringify({ server: "http://file:1" }));
  const env = { DORIAN_CONFIG: path };
  expect(serverToJoin(readConfig(env, {}))).toBeUndefined();
  expect(serverToJoin(readConfig({ ...env, MODAL_SERVER_URL: "http://env:1" }, {}))).toBe("http://env:1");
});

test.each(["{", "[]", '{"sever": "http://box:1"}', '{"server": 1}'])(
  "a file of settings that is damaged is named: %s",
  (content) => {
    const path = join(dataDirectory("{}"), "config.json");
    writeFileSync(path, content);
    expect(() => readConfig({ DORIAN_CONFIG: path }, {})).toThrow(`The file of settings ${path} `);
  },
);

test("switches of the environment are off when empty, 0 or false", () => {
  for (const off of [undefined, "", "0", "false"])
    expect(readConfig({ MODAL_FORCE_BUILD: off }, {}).forceBuild).toBe(false);
  expect(readConfig({ MODAL_FORCE_BUILD: "1" }, {}).forceBuild).toBe(true);
  expect(readConfig({}, { forceBuild: true }).forceBuild).toBe(true);
});

test("a damaged client file is named", () => {
  const data = dataDirectory('{"url": 3');
  expect(() => credentials(readConfig({ DORIAN_DATA: data }, {}))).toThrow(
    /client\.json is not a client file/,
  );
});

test("with a server but no token, the remedy is a token for it", () => {
  const config = readConfig({ DORIAN_DATA: "/nonexistent" }, { server: "http://box:7070" });
  expect(() => credentials(config)).toThrow(
    expect.objectContaining({
      message: "There is no token for http://box:7070.",
      remedy: expect.stringContaining("token new") as string,
    }),
  );
});
