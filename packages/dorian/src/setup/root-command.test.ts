import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { rootCommand } from "./root-command.ts";

const common = { node: "/usr/bin/node", script: "/srv/node_modules/.bin/dorian", args: ["setup"], kept: [] };

test("the line for root names Node by its path, and keeps proxies", () => {
  expect(rootCommand(common)).toBe("sudo /usr/bin/node /srv/node_modules/.bin/dorian setup");
  expect(rootCommand({ ...common, kept: ["http_proxy", "no_proxy"] })).toBe(
    "sudo --preserve-env=http_proxy,no_proxy /usr/bin/node /srv/node_modules/.bin/dorian setup",
  );
});

test("a shell reads back each word as it was", () => {
  const args = ["setup", "--data", "/data of $USER's", "`id`", ""];
  const line = rootCommand({ ...common, args }).replace(/^sudo \S+ \S+/, "printf '%s\\n'");
  expect(execFileSync("sh", ["-c", line], { encoding: "utf8" })).toBe(`${args.join("\n")}\n`);
});
