import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { isIP, isIPv6 } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { addressBytes } from "@dorian/protocol/listener/address-bytes";
import { issueAuthority, issueServerCertificate, newKey } from "./issue-certificate.ts";

const execute = promisify(execFile);
const day = 24 * 3600 * 1000;
const now = Date.now();
const names = ["localhost", "127.0.0.1", "::1", "box.example", "*.apps.example", "2001:db8::7"];

function issued() {
  const authority = { name: "Dorian authority of dd-1", key: newKey() };
  const key = newKey();
  return {
    key,
    authority: issueAuthority(authority, { from: now - day, until: now + 40 * 365 * day }),
    server: issueServerCertificate(authority, {
      names,
      key,
      validity: { from: now - day, until: now + 90 * day },
    }),
  };
}

test("a certificate holds for its names, its time and its key, and is signed by its authority", () => {
  const { authority, key, server } = issued();
  const [ca, leaf] = [new X509Certificate(authority), new X509Certificate(server)];
  expect([ca.ca, leaf.ca]).toEqual([true, false]);
  expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true);
  expect(leaf.checkPrivateKey(key)).toBe(true);
  expect(leaf.checkHost("box.example")).toBe("box.example");
  expect(leaf.checkHost("a.apps.example")).toBe("*.apps.example");
  expect(leaf.checkHost("elsewhere.example")).toBeUndefined();
  for (const address of ["127.0.0.1", "::1", "2001:db8::7"]) expect(leaf.checkIP(address)).toBe(address);
  expect(Math.abs(Date.parse(leaf.validTo) - (now + 90 * day))).toBeLessThan(1_000);
  // Beyond 2049 a year is written with four digits.
  expect(Math.abs(Date.parse(ca.validTo) - (now + 40 * 365 * day))).toBeLessThan(1_000);
});

test("OpenSSL takes the chain at its strictest, and says what is in it", async () => {
  const { authority, server } = issued();
  const directory = await mkdtemp(join(tmpdir(), "dorian-tls-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [ca, leaf] = [join(directory, "ca.pem"), join(directory, "leaf.pem")];
  await writeFile(ca, authority);
  await writeFile(leaf, server);
  const verified = await execute(
    "openssl",
    `verify -x509_strict -purpose sslserver -CAfile ${ca} -verify_hostname box.example ${leaf}`.split(" "),
  );
  expect(verified.stdout.trim()).toBe(`${leaf}: OK`);
  const wrong = execute("openssl", ["verify", "-CAfile", ca, "-verify_ip", "192.0.2.1", leaf]);
  await expect(wrong).rejects.toThrow(/IP address mismatch/);
  const { stdout } = await execute("openssl", ["x509", "-in", leaf, "-noout", "-text"]);
  expect(stdout).toMatch(
    /Version: 3[^]*Digital Signature[^]*TLS Web Server Authentication[^]*DNS:box\.example/,
  );
});

test("an address has the bytes that are written", () => {
  expect([...addressBytes("192.0.2.1")]).toEqual([192, 0, 2, 1]);
  expect(addressBytes("::ffff:192.0.2.1").toString("hex")).toBe("00000000000000000000ffffc0000201");
  expect(addressBytes("::").toString("hex")).toBe("0".repeat(32));
  fc.assert(
    fc.property(fc.ipV6().filter(isIPv6), (address) => {
      const groups = addressBytes(address).toString("hex").match(/.{4}/g) ?? [];
      const rewritten = groups.join(":");
      expect(isIP(rewritten)).toBe(6);
      expect(new URL(`http://[${rewritten}]`).host).toBe(new URL(`http://[${address}]`).host);
    }),
  );
});
