import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectPlainly, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { Anteroom } from "./anteroom.ts";
import { ConnectionBudget } from "./connection-budget.ts";
import { Listener, type ListenerOptions } from "./listener.ts";

/** A certificate that is made elsewhere, and signs itself. */
function selfSigned(): { cert: string; key: string } {
  const directory = mkdtempSync(join(tmpdir(), "dorian-tls-"));
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  execFileSync(
    "openssl",
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost
     -addext subjectAltName=IP:127.0.0.1 -out ${cert} -keyout ${key}`.split(/\s+/),
    { stdio: "ignore" },
  );
  const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  rmSync(directory, { recursive: true });
  return pair;
}

const pair = selfSigned();

async function echoing(options: Partial<ListenerOptions> = {}): Promise<Listener> {
  return await Listener.open({
    address: { host: "127.0.0.1", port: 0 },
    protocol: "h2",
    onConnection: (socket) => socket.pipe(socket),
    tls: {
      current: () => pair,
      onChange: () => ({ [Symbol.dispose]: () => undefined }),
      plaintextFromElsewhere: false,
    },
    ...options,
  });
}

function dial(listener: Listener, options: ConnectionOptions = {}): TLSSocket {
  const socket = connect({
    host: "127.0.0.1",
    port: listener.port,
    ca: pair.cert,
    ALPNProtocols: ["h2"],
    ...options,
  });
  return socket.on("error", () => undefined);
}

function dialPlainly(listener: Listener): Socket {
  return connectPlainly({ host: "127.0.0.1", port: listener.port }).on("error", () => undefined);
}

const said = async (socket: Socket) => String((await once(socket, "data"))[0]);
const closed = (socket: Socket) => new Promise((resolve) => socket.once("close", resolve));

test("one port speaks TLS and plain text, to each peer as it begins [B20]", async () => {
  await using listener = await echoing();
  const [secure, plain] = [dial(listener), dialPlainly(listener)];
  secure.write("secret");
  plain.write("open");
  expect(await Promise.all([said(secure), said(plain)])).toEqual(["secret", "open"]);
  expect([secure.authorized, secure.alpnProtocol]).toEqual([true, "h2"]);
  secure.destroy();
  plain.destroy();
});

test("a peer that agrees on another protocol, or on none of these versions, gets no connection", async () => {
  await using listener = await echoing();
  await closed(dial(listener, { ALPNProtocols: ["spdy/1"] }));
  await closed(dial(listener, { minVersion: "TLSv1", maxVersion: "TLSv1.1" }));
  const socket = dial(listener, { maxVersion: "TLSv1.2" });
  await once(socket, "secureConnect");
  expect(socket.getProtocol()).toBe("TLSv1.2");
  socket.destroy();
});

test("handshakes that stop are given up after a while, and go before others when there are many [B8]", async () => {
  const anteroom = new Anteroom({ waitMs: 300, mostWaiting: 20 });
  const budget = new ConnectionBudget();
  await using listener = await echoing({ anteroom, budget });
  // The beginning of a record that never comes to its end.
  const halves = Array.from({ length: 60 }, () => {
    const socket = dialPlainly(listener);
    socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
    return socket;
  });
  const ends = halves.map(closed);
  const socket = dial(listener);
  socket.write("through");
  expect(await said(socket)).toBe("through");
  await Promise.all(ends);
  socket.write("still");
  expect(await said(socket)).toBe("still");
  socket.destroy();
  await expect.poll(() => [budget.open, anteroom.size]).toEqual([0, 0]);
});

test("handshakes of noise, cut handshakes and resets end themselves alone [B1]", async () => {
  const budget = new ConnectionBudget();
  await using listener = await echoing({ budget });
  const attempts = Array.from({ length: 200 }, async (_, index) => {
    const socket = dialPlainly(listener);
    const noise = Buffer.alloc(1 + (index % 400), index * 7);
    noise[0] = 0x16;
    socket.write(noise);
    setTimeout(() => (index % 2 === 0 ? socket.resetAndDestroy() : socket.end()), index % 30);
    socket.resume();
    await closed(socket);
  });
  await Promise.all(attempts);
  const socket = dial(listener);
  socket.write("through");
  expect(await said(socket)).toBe("through");
  socket.destroy();
  await expect.poll(() => budget.open).toBe(0);
});

test("a listener that closes ends its TLS connections too", async () => {
  const listener = await echoing();
  const socket = dial(listener);
  await once(socket, "secureConnect");
  const end = closed(socket);
  await listener[Symbol.asyncDispose]();
  await end;
  expect(socket.destroyed).toBe(true);
});
