import { expect, test } from "vitest";
import { Input, UsageError } from "../input.ts";
import { readNetworkSettings } from "./network-settings.ts";

const read = (options: Record<string, string | boolean> = {}) => readNetworkSettings(new Input({}, options));

test("a server listens on loopback, in plain text, unless told otherwise", () => {
  expect(read()).toEqual({ listen: "127.0.0.1:7070", plaintextFromElsewhere: false });
  expect(read({ listen: "[::1]:7070" }).listen).toBe("[::1]:7070");
  expect(read({ listen: "localhost:0" }).listen).toBe("localhost:0");
});

test.each(["7070", "host", "host:", ":7070", "host:99999", "a b:1"])(
  "the address %j is refused",
  (listen) => {
    expect(() => read({ listen })).toThrow(UsageError);
  },
);

test.each(["0.0.0.0:7070", "[::]:7070", "192.0.2.1:0", "box.example:7070", "127.example.com:7070"])(
  "%s wants TLS, or that plain text is said to be meant [B20]",
  (listen) => {
    expect(() => read({ listen })).toThrow(
      expect.objectContaining({
        code: "PLAINTEXT_UNGUARDED",
        message: expect.stringContaining(listen) as string,
        remedy: expect.stringMatching(/--tls.*--plaintext/) as string,
      }) as Error,
    );
    expect(read({ listen, tls: true })).toMatchObject({
      tls: { kind: "own" },
      plaintextFromElsewhere: false,
    });
    expect(read({ listen, plaintext: true })).toEqual({ listen, plaintextFromElsewhere: true });
    expect(read({ listen, tls: true, plaintext: true })).toMatchObject({ plaintextFromElsewhere: true });
  },
);

test("the operator's certificate and its key are named together", () => {
  expect(read({ "tls-cert": "/a/cert.pem", "tls-key": "/a/key.pem" }).tls).toEqual({
    kind: "files",
    certPath: "/a/cert.pem",
    keyPath: "/a/key.pem",
  });
  expect(() => read({ "tls-cert": "/a/cert.pem" })).toThrow(/--tls-key is missing/);
  expect(() => read({ tls: true, "tls-key": "/a/key.pem" })).toThrow(/--tls-cert is missing/);
});

test("clients are told a host by its name or address alone", () => {
  expect(read({ "public-host": "box.example.com" }).publicHost).toBe("box.example.com");
  expect(read({ "public-host": "2001:db8::1" }).publicHost).toBe("2001:db8::1");
  for (const host of ["https://box", "box:7070", "a b", "box/", ""]) {
    expect(() => read({ "public-host": host })).toThrow(UsageError);
  }
});
