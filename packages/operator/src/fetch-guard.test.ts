import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { lookup } from "node:dns";
import { expect, onTestFinished, test } from "vitest";
import { FetchGuard } from "./fetch-guard.ts";
import { defaultBorder } from "./network-border.ts";

const refused = expect.objectContaining({ code: "FETCH_REFUSED" }) as Error;

/** A server on every address of this machine. */
async function ownServer() {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end("own");
  }).listen(0, "::");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, asked: () => asked };
}

/** Names that lead where the test says, each time one address further. */
function names(addresses: string[][]): typeof lookup {
  let count = 0;
  const find = (_name: string, _options: unknown, done: (error: null, found: object[]) => void) => {
    const found = addresses[Math.min(count, addresses.length - 1)] ?? [];
    count += 1;
    done(
      null,
      found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return find as unknown as typeof lookup;
}

async function get(guard: FetchGuard, text: string): Promise<number | undefined> {
  const url = new URL(text);
  const asking = request(url, { ...guard.requestOptions(url), agent: false }).end();
  const [response] = (await once(asking, "response")) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

test("no way to write this machine's address leads to it", async () => {
  const { port, asked } = await ownServer();
  const guard = new FetchGuard(defaultBorder);
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const ways =
    "127.0.0.1 127.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.0.0.1. 127.9.9.9 0 0.0.0.0 " +
    "localhost LOCALHOST localhost. a.localhost %6cocalhost ①②⑦.0.0.1 " +
    "[::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:0:0:1] [64:ff9b::7f00:1] 169.254.169.254";
  const hosts = [
    ...ways.split(" "),
    ...own.filter(({ family }) => family === "IPv4").map(({ address }) => address),
  ];
  for (const host of hosts) {
    await expect(get(guard, `http://${host}:${port}/`), host).rejects.toThrow(refused);
  }
  expect(asked()).toBe(0);
});

test("a name is judged by the address that it leads to at the moment of connecting", async () => {
  const { port, asked } = await ownServer();
  const url = `http://rebinding.example:${port}/`;
  const guard = new FetchGuard(
    defaultBorder,
    [],
    names([["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["169.254.169.254", "fe80::1"]]),
  );
  for (let time = 0; time < 4; time += 1) await expect(get(guard, url)).rejects.toThrow(refused);
  expect(asked()).toBe(0);
});

test("of a name's addresses only other machines' are tried", async () => {
  const { port, asked } = await ownServer();
  const guard = new FetchGuard(defaultBorder, [], names([["127.0.0.1", "192.0.2.77"]]));
  const url = new URL(`http://mixed.example:${port}/`);
  const { lookup: look } = guard.requestOptions(url);
  const found = await new Promise((resolve) =>
    look?.("mixed.example", { all: true }, (_error, addresses) => resolve(addresses)),
  );
  expect(found).toEqual([{ address: "192.0.2.77", family: 4 }]);
  expect(asked()).toBe(0);
});

test("what the operator names may be on this machine: by host, by host and port, by range, or for a purpose", async () => {
  const { port } = await ownServer();
  const other = await ownServer();
  const at = (host: string, number = port) => `http://${host}:${number}/`;
  const allowing = (...fetchFrom: string[]) => new FetchGuard({ ...defaultBorder, fetchFrom });
  expect(await get(allowing("127.0.0.1"), at("127.1"))).toBe(200);
  expect(await get(allowing("localhost"), at("localhost"))).toBe(200);
  expect(await get(allowing(`[::1]:${port}`), at("[::1]"))).toBe(200);
  expect(await get(allowing("127.0.0.0/8"), at("127.0.0.1"))).toBe(200);
  await expect(get(allowing(`127.0.0.1:${port}`), at("127.0.0.1", other.port))).rejects.toThrow(refused);
  await expect(get(allowing("127.0.0.0/8"), at("[::1]"))).rejects.toThrow(refused);
  const named = new FetchGuard(defaultBorder, [at("127.0.0.1")]);
  expect(await get(named, at("127.0.0.1"))).toBe(200);
  await expect(get(named, at("127.0.0.1", other.port))).rejects.toThrow(refused);
  await expect(get(named, at("localhost"))).rejects.toThrow(refused);
});

test("a network that the operator blocks is out of reach, unless a place in it is named", () => {
  const guard = new FetchGuard({ blockedNetworks: ["10.0.0.0/8", "fd00::/7"], fetchFrom: ["10.0.0.5:5000"] });
  const ask = (url: string) => () => guard.requestOptions(new URL(url));
  expect(ask("http://10.1.2.3/")).toThrow("in a network that the operator blocks");
  expect(ask("http://[fd00::1]/")).toThrow(refused);
  expect(ask("http://[::ffff:10.1.2.3]/")).toThrow(refused);
  expect(ask("http://10.0.0.5:5000/")()).toEqual({});
  expect(ask("http://192.168.1.1/")()).toEqual({});
});
