import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { runHostTool } from "./host-tool.ts";

const options = (more: { onLine?: (line: string) => void; signal?: AbortSignal } = {}) => ({
  debianPackage: "mmdebstrap",
  env: { PATH: "/usr/bin:/bin" },
  onLine: () => undefined,
  signal: new AbortController().signal,
  ...more,
});

test("a program that is missing is named with the package to install", async () => {
  await expect(runHostTool("no-such-program", [], options())).rejects.toMatchObject({
    code: "HOST_TOOL_MISSING",
    message: "The program no-such-program is not installed on this machine.",
    remedy: "Install it with `apt-get install mmdebstrap`.",
  });
});

test("lines of both streams come along, and the exit code is returned", async () => {
  const lines: string[] = [];
  const code = await runHostTool(
    "sh",
    ["-c", "echo a; echo b >&2; exit 3"],
    options({ onLine: (line) => lines.push(line) }),
  );
  expect([code, lines.toSorted()]).toEqual([3, ["a", "b"]]);
});

test("a line without end ends nothing but itself [B7]", async () => {
  const lines: string[] = [];
  const endless = "head -c 600000000 /dev/zero | tr '\\0' a; echo; echo next";
  const code = await runHostTool("sh", ["-c", endless], options({ onLine: (line) => lines.push(line) }));
  expect([code, lines.length, lines.at(-1)]).toEqual([0, 2, "next"]);
  expect(lines[0]).toContain("characters of this line were dropped");
});

test("an abort ends what the program spawned, too", async () => {
  const abort = new AbortController();
  const mark = `29${process.pid}`;
  const onLine = () => abort.abort(new Error("enough"));
  const running = runHostTool(
    "sh",
    ["-c", `sleep ${mark} & echo up; wait`],
    options({ onLine, signal: abort.signal }),
  );
  await expect(running).rejects.toThrow("enough");
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  expect(commands.filter((command) => command.includes(mark))).toEqual([]);
});
