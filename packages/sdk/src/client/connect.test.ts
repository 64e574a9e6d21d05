import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { connectToServer, readServerAddress } from "./connect.ts";

const known = { url: "http://127.0.0.1:7070", tokenId: "ak-1", tokenSecret: "as-1" };
const variables = { MODAL_SERVER_URL: "http://other:1", MODAL_TOKEN_ID: "ak-2", MODAL_TOKEN_SECRET: "as-2" };

test("the environment says where the server is, and the data directory what it leaves open", async () => {
  await using data = await temporaryDirectory({
    "client.json": JSON.stringify({ ...known, workerToken: "x" }),
  });
  // A server that is found by its directory is on this machine, and takes files itself.
  expect(await readServerAddress({ DORIAN_DATA: data.path })).toEqual({
    ...known,
    handover: join(data.path, "handover"),
  });
  expect(await readServerAddress({ ...variables, DORIAN_DATA: "/nowhere" })).toEqual({
    url: "http://other:1",
    tokenId: "ak-2",
    tokenSecret: "as-2",
  });
  expect(await readServerAddress({ MODAL_SERVER_URL: "http://other:1", DORIAN_DATA: data.path })).toEqual({
    ...known,
    url: "http://other:1",
  });
});

test("programs find what the file of settings says, unless a data directory is named", async () => {
  const settings = { server: "http://file:1", tokenId: "ak-3", tokenSecret: "as-3", environment: "staging" };
  await using directory = await temporaryDirectory({
    "client.json": JSON.stringify(known),
    "config.json": JSON.stringify(settings),
  });
  const env = { DORIAN_CONFIG: join(directory.path, "config.json") };
  const { server: url, ...rest } = settings;
  expect(await readServerAddress(env)).toEqual({ url, ...rest });
  expect(await readServerAddress({ ...env, ...variables, MODAL_ENVIRONMENT: "main" })).toMatchObject({
    url: "http://other:1",
    environment: "main",
  });
  expect(await readServerAddress({ ...env, DORIAN_DATA: directory.path })).toMatchObject(known);
});

test("a server that speaks TLS comes with the authority to trust, also where the environment names it [B20]", async () => {
  const trust = { authority: "/data/tls/authority.pem" };
  const secure = { ...known, url: "https://127.0.0.1:7070" };
  await using data = await temporaryDirectory({ "client.json": JSON.stringify({ ...secure, trust }) });
  expect(await readServerAddress({ DORIAN_DATA: data.path })).toMatchObject({ ...secure, trust });
  const told = { ...variables, MODAL_SERVER_URL: "https://box.example:7070" };
  expect(await readServerAddress({ ...told, DORIAN_DATA: data.path })).toEqual({
    url: "https://box.example:7070",
    tokenId: "ak-2",
    tokenSecret: "as-2",
    trust,
  });
});

test("where neither says, the error names the file that is missing or unreadable", async () => {
  await using data = await temporaryDirectory({ "bad/client.json": "{" });
  const unknown = { code: "SERVER_UNKNOWN", remedy: expect.stringContaining("dorian up") as unknown };
  const missing = readServerAddress({ DORIAN_DATA: data.path });
  await expect(missing).rejects.toMatchObject(unknown);
  await expect(missing).rejects.toThrow(`${join(data.path, "client.json")} does not exist`);
  await expect(readServerAddress({ DORIAN_DATA: join(data.path, "bad") })).rejects.toThrow("cannot be read");
});

test("a server that is not there is an error at once, not after a minute", async () => {
  await using directory = await temporaryDirectory();
  const url = `unix://${join(directory.path, "none.sock")}`;
  await expect(connectToServer({ ...known, url })).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
});

test("an address that is none is refused", async () => {
  await expect(connectToServer({ ...known, url: "localhost:7070" })).rejects.toMatchObject({
    code: "SERVER_URL_INVALID",
  });
});
