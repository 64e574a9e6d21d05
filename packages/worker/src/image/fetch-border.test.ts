import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testBuilder } from "../../test/test-builder.ts";

let base: string;
let builder: Awaited<ReturnType<typeof testBuilder>>;
let secret: Awaited<ReturnType<typeof served>>;
/** What the operator allows, and what then leads on to where it may not. */
let door: Awaited<ReturnType<typeof served>>;

async function served(answer: RequestListener) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.url));
    answer(request, response);
  }).listen(0, "0.0.0.0");
  await once(server, "listening");
  return { asked, server, port: (server.address() as AddressInfo).port };
}

beforeAll(async () => {
  secret = await served((_request, response) => response.end("the machine's own"));
  door = await served((request, response) => {
    const to = `http://127.0.0.1:${secret.port}/taken`;
    if (request.url?.startsWith("/v2/realm/")) {
      response.writeHead(401, { "www-authenticate": `Bearer realm="${to}"` }).end();
    } else response.writeHead(302, { location: to }).end();
  });
  const networkBorder = { fetchFrom: [`127.0.0.1:${door.port}`], blockedNetworks: [] };
  builder = await testBuilder({ operator: { networkBorder } });
  base = await builder.busybox();
});
afterAll(async () => {
  secret.server.close();
  door.server.close();
  await builder[Symbol.asyncDispose]();
});

const build = (dockerfile: string) =>
  builder.build({
    ...(dockerfile.startsWith("FROM base\n") && { baseLayerIds: [base], baseConfig: {} }),
    dockerfile,
  });
const refused = expect.objectContaining({ code: "FETCH_REFUSED" }) as Error;

test("neither ADD nor FROM nor COPY --from reach what this machine serves to itself", async () => {
  const { port } = secret;
  for (const host of ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]", "0", "169.254.169.254"]) {
    await expect(build(`FROM base\nADD http://${host}:${port}/ /x`)).rejects.toThrow(refused);
  }
  await expect(build(`FROM base\nADD https://127.0.0.1:${port}/ /x`)).rejects.toThrow(refused);
  await expect(build(`FROM 127.0.0.1:${port}/a:1`)).rejects.toThrow(refused);
  await expect(build(`FROM localhost:${port}/a:1`)).rejects.toThrow(refused);
  await expect(build(`FROM base\nCOPY --from=127.0.0.1:${port}/a:1 / /x`)).rejects.toThrow(refused);
  expect(secret.asked).toEqual([]);
});

test("no redirect, and no place for tokens that a registry names, leads to it", async () => {
  const place = `127.0.0.1:${door.port}`;
  await expect(build(`FROM base\nADD http://${place}/file /x`)).rejects.toThrow(refused);
  await expect(build(`FROM ${place}/redirected:1`)).rejects.toThrow(refused);
  await expect(build(`FROM ${place}/realm:1`)).rejects.toThrow(refused);
  expect(door.asked).toEqual(["/file", "/v2/redirected/manifests/1", "/v2/realm/manifests/1"]);
  expect(secret.asked).toEqual([]);
});

test("a step of a build reaches none of the machine's addresses, nor the clouds' own", async () => {
  const places = [`127.0.0.1 ${secret.port}`, "169.254.169.254 80", "100.100.100.200 80", "168.63.129.16 80"];
  const lines = places.map(
    (place) => `if nc -w 1 ${place} </dev/null; then echo reached ${place}; exit 1; fi`,
  );
  const built = await build(`FROM base\nRUN ${lines.join("; ")}; echo none`);
  expect(built.log).toContain("none");
  expect(secret.asked).toEqual([]);
});
