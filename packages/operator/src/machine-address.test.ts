import { expect, test } from "vitest";
import { addressList, ipv4Within, isAddressRange, isIn, machineAddress } from "./machine-address.ts";

const interfaces = [
  { name: "lo", address: "127.0.0.1", cidr: "127.0.0.1/8" },
  { name: "eth0", address: "192.0.2.10", cidr: "192.0.2.10/24" },
  { name: "eth0", address: "fe80::a%eth0", cidr: "fe80::a/64" },
  { name: "eth0", address: "2001:db8::a", cidr: "2001:db8::a/64" },
  { name: "dor-12345678", address: "10.64.16.1", cidr: "10.64.16.1/20" },
];

test.each([
  "127.0.0.1",
  "127.255.255.254",
  "0.0.0.0",
  "0.1.2.3",
  "169.254.169.254",
  "169.254.77.77",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "224.0.0.1",
  "255.255.255.255",
  "192.0.2.10",
  "10.64.16.1",
  "10.64.31.254",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "0:0:0:0:0:ffff:a9fe:a9fe",
  "::ffff:0:169.254.169.254",
  "64:ff9b::127.0.0.1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b::c000:20a",
  "64:ff9b:1::1",
  "2002:7f00:1::",
  "2001::1",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "ff02::1",
  "fd00:ec2::254",
  "fd20:ce::254",
  "2001:db8::a",
  "2001:0db8:0:0:0:0:0:a",
])("%s is the machine's own, or speaks for it", (address) => {
  expect(machineAddress(address, interfaces)).toBeTypeOf("string");
});

test.each([
  "192.0.2.11",
  "10.64.32.1",
  "10.0.0.1",
  "192.168.1.1",
  "172.17.0.1",
  "100.64.0.1",
  "1.1.1.1",
  "169.253.255.255",
  "::ffff:1.1.1.1",
  "64:ff9b::101:101",
  "2001:db8::b",
  "2606:4700::1111",
  "fd00::1",
])("%s is another machine's", (address) => {
  expect(machineAddress(address, interfaces)).toBeUndefined();
});

test("an address that stands for one of IPv4 is judged as that", () => {
  expect(ipv4Within("::ffff:0:1")).toBe("0.0.0.1");
  expect(ipv4Within("::ffff:0102:0304")).toBe("1.2.3.4");
  expect(ipv4Within("64:ff9b::")).toBe("0.0.0.0");
  expect(ipv4Within("2001:db8::1")).toBe("2001:db8::1");
  expect(ipv4Within("fe80::1%eth0")).toBe("fe80::1");
});

test("ranges are told from what is none", () => {
  expect(
    ["10.0.0.0/8", "10.0.0.1", "::1/128", "fd00::/7", "0.0.0.0/0"].filter((text) => !isAddressRange(text)),
  ).toEqual([]);
  const wrong = [
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "localhost",
    "10.0.0/8",
    "::1/129",
    "",
    "/8",
    "10.0.0.0/-1",
  ];
  expect(wrong.filter(isAddressRange)).toEqual([]);
  expect(isIn(addressList(["10.0.0.0/8"]), "10.255.0.1")).toBe(true);
});
