import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { unmount } from "@dorian/linux/mount";
import { mountTable } from "@dorian/linux/mount-table";
import { expect, onTestFinished, test } from "vitest";
import { collector, testRuntime } from "../../test/test-container.ts";
import { networkCommand } from "./network-command.ts";
import { networkInterfaces } from "./network-interfaces.ts";
import { NetworkPool } from "./network-pool.ts";
import { outsideMachine } from "./outside.ts";

const never = new AbortController().signal;

async function online(options?: { resolvConf?: string; httpPort?: number; blockedNetworks?: string[] }) {
  await using made = new AsyncDisposableStack();
  const host = made.use(await testRuntime());
  const resolvConfPath = join(host.runtimeDirectory, "host-resolv.conf");
  await writeFile(resolvConfPath, options?.resolvConf ?? "nameserver 203.0.113.53\nsearch example.test\n");
  const port = options?.httpPort;
  const serverHttp = () => (port === undefined ? undefined : { host: "127.0.0.1", port });
  const pool = made.use(
    await NetworkPool.open({
      ...host,
      size: 2,
      resolvConfPath,
      serverHttp,
      ...(options?.blockedNetworks && { blockedNetworks: options.blockedNetworks }),
    }),
  );
  const all = made.move();
  return {
    host,
    pool,
    /** stdout of a script that runs in a container with a network of its own. */
    async output(script: string): Promise<string> {
      await using network = await pool.acquire({ signal: never });
      const { text, onOutput } = collector();
      const spec = host.spec(script, { network: { kind: "namespace", path: network.path } });
      await using container = await host.runtime.run(spec, { onOutput });
      await container.exited;
      return text.stdout;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function listenOnHost(): Promise<number> {
  const server = createServer((socket) => socket.end("host")).listen(0, "0.0.0.0");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("a container reaches machines beyond the host", async () => {
  await using outside = await outsideMachine();
  await using net = await online();
  expect(await net.output(`wget -q -O - http://${outside.address}/; ls /sys/class/net`)).toBe(
    "outsideeth0\nlo\n",
  );
});

test("a container reaches no address of the host, over IPv4 or IPv6", async () => {
  await using outside = await outsideMachine();
  await using net = await online();
  const port = await listenOnHost();
  const own = (await networkInterfaces()).flatMap((entry) => entry.ipv4).map((text) => text.split("/")[0]);
  expect(own).toContain(outside.hostAddress);
  const targets = own.filter((address) => address !== "127.0.0.1");
  const script = targets.map((address) => `nc -w 1 ${address} ${port} </dev/null`).join("; ");
  expect(await net.output(`${script}; ip -6 addr show dev eth0`)).toBe("");
});

test("containers do not reach each other", async () => {
  await using net = await online();
  await using first = await net.pool.acquire({ signal: never });
  const { text, onOutput } = collector();
  const spec = net.host.spec(
    "ip -4 addr show dev eth0 | grep inet; while true; do echo peer | nc -l -p 8000; done",
    { network: { kind: "namespace", path: first.path } },
  );
  await using server = await net.host.runtime.run(spec, { onOutput });
  await expect.poll(() => text.stdout).toContain("inet");
  const address = /inet (\S+)\//.exec(text.stdout)?.[1];
  expect(await net.output(`nc -w 1 ${address} 8000 </dev/null; echo $?`)).toBe("1\n");
  const own = collector();
  await server.exec(["nc", "-w", "1", String(address), "8000"], { onOutput: own.onOutput, signal: never });
  expect(own.text.stdout).toBe("peer\n");
});

test("the gateway keeps its hardware address while containers come and go", async () => {
  await using net = await online();
  const bridge = `dor-${net.host.instance}`;
  const address = async () =>
    /link\/ether (\S+)/.exec(await networkCommand("ip", ["link", "show", bridge]))?.[1];
  const before = await address();
  expect(before).toMatch(/^02:/);
  await using held = new AsyncDisposableStack();
  // The kernel would choose the lowest of the cables' random addresses: with so many, one below it comes up.
  for (let count = 0; count < 12; count += 1) held.use(await net.pool.acquire({ signal: never }));
  expect(await address()).toBe(before);
});

/** The server's HTTP: answers what it was sent. */
async function serverHttp(): Promise<number> {
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.writeHead(200, { ETag: '"tag"' });
      response.end(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("a container reaches the server's signed addresses at one address, which is nobody's", async () => {
  await using net = await online({ httpPort: await serverHttp() });
  const url = "http://169.254.77.77/blobs/bl-1?signature=s";
  const output = await net.output(
    `wget -q -O - "${url}"; echo; wget -q -O - --post-data body "${url}"; wget -q -S -O - "${url}" 2>&1 | grep ETag`,
  );
  expect(output).toBe('GET /blobs/bl-1?signature=s \nPOST /blobs/bl-1?signature=s body  ETag: "tag"\n');
});

test("at the server's address containers reach no other path and no other port, and not the forwarder itself", async () => {
  const httpPort = await serverHttp();
  await using net = await online({ httpPort });
  const rules = await networkCommand("nft", ["list", "table", "inet", `dorian_${net.host.instance}`]);
  const forwarder = /ip daddr 169\.254\.77\.77 tcp dport 80 redirect to :(\d+)/.exec(rules)?.[1];
  const gateway = /ip daddr ([\d.]+) tcp dport \d+ accept/.exec(rules)?.[1];
  expect([forwarder, gateway]).not.toContain(undefined);
  const output = await net.output(
    [
      "wget -O - http://169.254.77.77/ 2>&1 | grep -o 'HTTP/1.1 [0-9]*'",
      `nc -w 1 169.254.77.77 ${httpPort} </dev/null && echo port`,
      `nc -w 1 169.254.77.78 80 </dev/null && echo neighbour`,
      `nc -w 1 ${gateway} ${forwarder} </dev/null && echo forwarder`,
    ].join("; "),
  );
  expect(output).toBe("HTTP/1.1 404\n");
});

/** Where web functions are reached: on loopback, and on every address of the machine. */
async function webFunctions(host: string): Promise<number> {
  const server = createHttpServer((request, response) => response.end(`page ${request.url}`)).listen(0, host);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("a container reaches web functions at the addresses that all have, and nothing beside them [A22]", async () => {
  await using outside = await outsideMachine();
  await using net = await online({ httpPort: await serverHttp() });
  await using early = await net.pool.acquire({ signal: never });
  const onLoopback = await webFunctions("127.0.0.1");
  const everywhere = await webFunctions("0.0.0.0");
  const closed = await webFunctions("0.0.0.0");
  await net.pool.setWebPorts([onLoopback, everywhere]);
  const places = [
    `127.0.0.1:${onLoopback}`,
    `127.0.0.1:${everywhere}`,
    `${outside.hostAddress}:${everywhere}`,
    `169.254.77.77:${everywhere}`,
  ];
  const ask = places.map((place) => `wget -q -O - http://${place}/${place}; echo`).join("; ");
  const beside = ["127.0.0.1", outside.hostAddress, "169.254.77.77"].map(
    (host) => `nc -w 1 ${host} ${closed} </dev/null && echo reached ${host}`,
  );
  const expected = places.map((place) => `page /${place}\n`).join("");
  expect(await net.output([ask, ...beside].join("; "))).toBe(expected);

  const { text, onOutput } = collector();
  const spec = net.host.spec(ask, { network: { kind: "namespace", path: early.path } });
  await using container = await net.host.runtime.run(spec, { onOutput });
  await container.exited;
  expect(text.stdout).toBe(expected);

  await net.pool.setWebPorts([everywhere]);
  expect(await net.output(`nc -w 1 127.0.0.1 ${onLoopback} </dev/null || echo none`)).toBe("none\n");
});

test("what is forwarded for containers is no way in for other machines [B9]", async () => {
  await using outside = await outsideMachine();
  await using net = await online({ httpPort: await serverHttp() });
  const port = await webFunctions("127.0.0.1");
  await net.pool.setWebPorts([port]);
  const rules = await networkCommand("nft", ["list", "table", "inet", `dorian_${net.host.instance}`]);
  const gateway = /ip daddr ([\d.]+) tcp dport \d+ accept/.exec(rules)?.[1] ?? "";
  const forwarder = Number(new RegExp(`map \\{ ${port} : (\\d+)`).exec(rules)?.[1]);
  expect(await (await fetch(`http://${gateway}:${forwarder}/here`)).text()).toBe("page /here");
  expect(await outside.reaches(outside.hostAddress, await listenOnHost())).toBe(true);
  expect(await outside.reaches(gateway, forwarder)).toBe(false);
  expect(await net.output(`wget -q -O - http://127.0.0.1:${port}/there`)).toBe("page /there");
});

test("where containers cannot be led to web functions they start all the same [A22]", async () => {
  await using net = await online({ httpPort: await serverHttp() });
  const port = await webFunctions("127.0.0.1");
  await using broken = await net.pool.acquire({ signal: never });
  unmount(broken.path);
  await expect(net.pool.setWebPorts([port])).rejects.toBeInstanceOf(Error);
  expect(await net.output(`nc -w 1 127.0.0.1 ${port} </dev/null || echo started`)).toBe("started\n");
});

test("a port that a container serves itself stays its own, and the rest of its loopback as well [A22]", async () => {
  await using net = await online({ httpPort: await serverHttp() });
  const port = await webFunctions("127.0.0.1");
  await net.pool.setWebPorts([port]);
  const serve = (number: number) =>
    `(echo own | nc -l -p ${number} >/dev/null) & sleep 0.3; nc -w 1 127.0.0.1 ${number} </dev/null`;
  await using own = await net.pool.acquire({ signal: never, ownPort: port });
  const { text, onOutput } = collector();
  const spec = net.host.spec(serve(port), { network: { kind: "namespace", path: own.path } });
  await using container = await net.host.runtime.run(spec, { onOutput });
  await container.exited;
  expect(text.stdout).toBe("own\n");
  expect(await net.output(serve(8000))).toBe("own\n");
  expect(await net.output("cat /proc/sys/net/ipv4/ip_local_reserved_ports")).toBe(`${port}\n`);
});

test("until the server has said where it listens, requests are answered so", async () => {
  await using net = await online();
  const output = await net.output(
    "wget -O - http://169.254.77.77/blobs/bl-1 2>&1 | grep -o 'HTTP/1.1 [0-9]*'",
  );
  expect(output).toBe("HTTP/1.1 503\n");
});

test("no address at which clouds serve a machine's own credentials is reached, nor a network that the operator blocks", async () => {
  const closed = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192"];
  await using outside = await outsideMachine([...closed, "198.18.7.1", "198.18.8.1"]);
  await using net = await online({ blockedNetworks: ["198.18.7.0/24", "fd00::/8"] });
  const places = [...closed, "198.18.7.1", "198.18.8.1", outside.address];
  for (const place of places) expect(await (await fetch(`http://${place}/`)).text()).toBe("outside");
  const script = places.map((place) => `nc -w 1 ${place} 80 </dev/null && echo ${place}`);
  expect(await net.output(script.join("; "))).toBe(`198.18.8.1\n${outside.address}\n`);
});

test("names resolve through a resolver that listens on the host's loopback only", async () => {
  const resolver = createSocket("udp4").bind(53, "127.53.53.53");
  await once(resolver, "listening");
  onTestFinished(() => void resolver.close());
  resolver.on("message", (query, from) => {
    // The question again, as an answer with one address: 192.0.2.77.
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const header = Buffer.from([...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 77]);
    resolver.send(Buffer.concat([header, question, answer]), from.port, from.address);
  });
  await using net = await online({ resolvConf: "nameserver 127.53.53.53\n" });
  await using lease = await net.pool.acquire({ signal: never });
  const gateway = /^nameserver (\S+)$/m.exec(lease.resolvConf)?.[1];
  expect(gateway).not.toBe("127.53.53.53");
  const port = await listenOnHost();
  const output = await net.output(
    `nslookup -type=a weights.example.test ${gateway}; nc -w 1 ${gateway} ${port} </dev/null`,
  );
  expect(output).toContain("192.0.2.77");
  expect(output).not.toContain("host");
});

test("a container gets a network that was ready before, and a returned one is used again", async () => {
  await using net = await online();
  const ready = await readdir(join(net.host.runtimeDirectory, "netns"));
  expect(ready).toHaveLength(2);
  const lease = await net.pool.acquire({ signal: never });
  expect(ready).toContain(basename(lease.path));
  expect(lease.resolvConf).toBe("nameserver 203.0.113.53\nsearch example.test\n");
  const { path } = lease;
  await lease[Symbol.asyncDispose]();
  await lease[Symbol.asyncDispose]();
  await using again = await net.pool.acquire({ signal: never });
  await using other = await net.pool.acquire({ signal: never });
  await using third = await net.pool.acquire({ signal: never });
  expect(again.path).toBe(path);
  expect(new Set([again.path, other.path, third.path]).size).toBe(3);
});

test("an acquisition with an aborted signal takes nothing", async () => {
  await using net = await online();
  await expect(net.pool.acquire({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
    "enough",
  );
});

test("two workers' networks exist side by side, and closing one leaves the other alone", async () => {
  await using outside = await outsideMachine();
  await using one = await online();
  const other = await online();
  await other[Symbol.asyncDispose]();
  const names = (await networkInterfaces()).map((entry) => entry.name);
  expect(names.filter((name) => name.includes(other.host.instance))).toEqual([]);
  expect(await networkCommand("nft", ["list", "tables"])).not.toContain(other.host.instance);
  expect(
    (await mountTable()).filter((mount) => mount.target.startsWith(other.host.runtimeDirectory)),
  ).toEqual([]);
  expect(await one.output(`wget -q -O - http://${outside.address}/`)).toBe("outside");
});

test("a tool that drops forwarded packets is reported with what to do", async () => {
  const table = "dorian_test_firewall";
  // Its one rule lets everything pass, so that the machine keeps working.
  await networkCommand("nft", [
    "add table inet " +
      table +
      "; add chain inet " +
      table +
      " forward " +
      "{ type filter hook forward priority 300; policy drop; }; add rule inet " +
      table +
      " forward accept",
  ]);
  onTestFinished(async () => void (await networkCommand("nft", ["delete", "table", "inet", table])));
  await using net = await online();
  expect(net.pool.warnings.join()).toMatch(
    /inet dorian_test_firewall drops forwarded traffic.*nft insert rule/,
  );
});

test("a machine without nft is told which package to install", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dorian-path-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { tryNetworkCommand } = await import("./network-command.ts");
  await expect(tryNetworkCommand("nft", ["list", "tables"], "", directory)).rejects.toMatchObject({
    code: "NETWORK_TOOL_MISSING",
    remedy: expect.stringContaining("apt-get install nftables"),
  });
});

test("a way out is moved into the namespace of a container that has none, and of no other process, and is gone with it", async () => {
  await using outside = await outsideMachine();
  await using net = await online();
  const linked = async () =>
    (await networkInterfaces()).filter(({ name }) => name.includes(net.host.instance)).length;
  const before = await linked();
  {
    await using lease = await net.pool.acquire({ signal: never });
    const { text, onOutput } = collector();
    const script = `until ip route 2>/dev/null | grep -q default; do sleep 0.1; done; wget -q -O - http://${outside.address}/`;
    await using container = await net.host.runtime.run(net.host.spec(script), { onOutput });
    const ended = { pid: 2 ** 22 + 1, pids: async () => [] };
    await expect(lease.moveInto(ended)).rejects.toThrow("ENOENT");
    const another = { pid: process.pid, pids: async () => [container.pid] };
    await expect(lease.moveInto(another)).rejects.toThrow("ended before it had its network");
    expect(lease.hasMoved).toBe(false);
    await lease.moveInto(container);
    expect(lease.hasMoved).toBe(true);
    await container.exited;
    expect(text.stdout).toBe("outside");
  }
  // One was made in its place.
  await expect.poll(linked).toBe(before);
  expect(await net.output(`wget -q -O - http://${outside.address}/`)).toBe("outside");
});
