import { expect, test } from "vitest";
import { forwardWarnings } from "./forward-policy.ts";

const names = { table: "dorian_12345678", bridge: "dor-12345678" };
const list = (...chains: object[]) =>
  JSON.stringify({ nftables: [{ metainfo: {} }, ...chains.map((chain) => ({ chain }))] });

test("Docker's FORWARD chain with policy drop is reported with iptables' own command", () => {
  const chains = list({ family: "ip", table: "filter", name: "FORWARD", hook: "forward", policy: "drop" });
  expect(forwardWarnings(chains, names)).toEqual([
    expect.stringMatching(/FORWARD of table ip filter drops.*iptables -I FORWARD -i dor-12345678 -j ACCEPT/),
  ]);
});

test("chains that accept, of other hooks, of IPv6, and our own are no reason to warn", () => {
  const chains = list(
    { family: "ip", table: "filter", name: "FORWARD", hook: "forward", policy: "accept" },
    { family: "inet", table: "fw", name: "in", hook: "input", policy: "drop" },
    { family: "ip6", table: "filter", name: "FORWARD", hook: "forward", policy: "drop" },
    { family: "inet", table: "dorian_12345678", name: "forward", hook: "forward", policy: "drop" },
    { family: "inet", table: "fw", name: "plain" },
  );
  expect(forwardWarnings(chains, names)).toEqual([]);
});
