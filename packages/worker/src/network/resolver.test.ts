import { expect, test } from "vitest";
import { containerResolver } from "./resolver.ts";

const host = { hostAddresses: ["192.0.2.2"], gateway: "10.64.0.1" };

test("a resolver elsewhere is asked by the containers themselves", () => {
  const hostResolvConf =
    "# comment\nnameserver 203.0.113.1\nnameserver 203.0.113.2\nsearch corp.test\noptions ndots:2\n";
  expect(containerResolver({ ...host, hostResolvConf })).toEqual({
    resolvConf: "nameserver 203.0.113.1\nnameserver 203.0.113.2\nsearch corp.test\noptions ndots:2\n",
  });
});

test.each(["127.0.0.53", "192.0.2.2", "::1", "fd00::53"])(
  "the host asks %s in the containers' place",
  (address) => {
    const hostResolvConf = `nameserver ${address}\nnameserver 203.0.113.2\n`;
    expect(containerResolver({ ...host, hostResolvConf })).toEqual({
      resolvConf: "nameserver 10.64.0.1\n",
      forwardTo: address,
    });
  },
);

test("a second resolver that containers cannot reach is left out", () => {
  const hostResolvConf = "nameserver 203.0.113.1\nnameserver 127.0.0.1\n";
  expect(containerResolver({ ...host, hostResolvConf })).toEqual({ resolvConf: "nameserver 203.0.113.1\n" });
});

test("a host without resolver gives containers none", () => {
  expect(containerResolver({ ...host, hostResolvConf: "" })).toEqual({ resolvConf: "" });
});
