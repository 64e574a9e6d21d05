import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@dorian/testkit/eventually";
import { expect, onTestFinished, test } from "vitest";
import { installPackages } from "./install-packages.ts";

/** Notes each call, and waits in a stage of the test's choice for a file `go`. */
const script = `#!/bin/sh
echo "$*" >> "$HOME/calls"
env > "$HOME/environment"
case "$*" in
  *"$FAILS_AT"*) echo "E: Unable to locate package tini"; exit 100;;
  *"$WAITS_AT"*) echo "$*" > "$HOME/waits"; until [ -e "$HOME/go" ]; do sleep 0.05; done;;
esac
echo "Setting up"
echo "$*" >> "$HOME/done"
`;

/** What only the last of its calls has in its command line. */
const unpacking = "Timeout=60 runc";

async function standIn(env: Record<string, string>) {
  const home = await mkdtemp(join(tmpdir(), "dorian-test-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  await writeFile(join(home, "apt-get"), script);
  await chmod(join(home, "apt-get"), 0o755);
  const read = async (name: string) => readFile(join(home, name), "utf8").catch(() => "");
  return {
    read,
    lines: async (name: string) => (await read(name)).trimEnd().split("\n"),
    go: () => writeFile(join(home, "go"), ""),
    env: { PATH: `${home}:${process.env["PATH"]}`, HOME: home, FAILS_AT: "never", WAITS_AT: "never", ...env },
  };
}

function install(apt: Awaited<ReturnType<typeof standIn>>, signal = new AbortController().signal) {
  const told = { stages: [] as string[], letFinish: 0 };
  const ended = installPackages(["runc", "tini"], {
    env: apt.env,
    signal,
    onStage: (words) => told.stages.push(words),
    onLetFinish: () => (told.letFinish += 1),
  });
  return { told, ended };
}

test("packages are tried, fetched and installed, without questions and without trust for what is unsigned", async () => {
  const apt = await standIn({ HTTP_PROXY: "http://proxy.example:3128", SECRET: "kept" });
  const { told, ended } = install(apt);
  await ended;
  const calls = await apt.lines("calls");
  const stage = (line: string) => / --(simulate|download-only) /.exec(line)?.[1] ?? line.split(" ")[0];
  expect(calls.map(stage)).toEqual(["update", "simulate", "download-only", "install"]);
  for (const line of calls.slice(1)) expect(line).toMatch(/^install .*--no-remove.* runc tini$/);
  expect(calls.join()).not.toMatch(/unauthenticated|insecure|force-yes/);
  const environment = await apt.lines("environment");
  expect(environment).toEqual(
    expect.arrayContaining([
      "DEBIAN_FRONTEND=noninteractive",
      "http_proxy=http://proxy.example:3128",
      "LC_ALL=C.UTF-8",
      "SECRET=kept",
    ]),
  );
  expect(told.stages).toHaveLength(3);
});

test("nothing is fetched when a package is not to be had", async () => {
  const apt = await standIn({ FAILS_AT: "--simulate" });
  await expect(install(apt).ended).rejects.toMatchObject({ code: "SETUP_PACKAGE_UNKNOWN" });
  expect(await apt.lines("calls")).toHaveLength(2);
});

test("lists that could not be brought up to date may do", async () => {
  const apt = await standIn({ FAILS_AT: "update" });
  await install(apt).ended;
  expect(await apt.lines("done")).toHaveLength(3);
});

test("an interruption ends apt while it fetches", async () => {
  const apt = await standIn({ WAITS_AT: "--download-only" });
  const stop = new AbortController();
  const { told, ended } = install(apt, stop.signal);
  ended.catch(() => undefined);
  await eventually(
    () => apt.read("waits"),
    (text) => text !== "",
  );
  stop.abort(new Error("stopped"));
  await expect(ended).rejects.toThrow("stopped");
  expect(await apt.lines("done")).toHaveLength(2);
  expect(told.letFinish).toBe(0);
});

test("an interruption lets apt finish what it unpacks", async () => {
  const apt = await standIn({ WAITS_AT: unpacking });
  const stop = new AbortController();
  const { told, ended } = install(apt, stop.signal);
  await eventually(
    () => apt.read("waits"),
    (text) => text !== "",
  );
  stop.abort(new Error("stopped"));
  expect(told.letFinish).toBe(1);
  await apt.go();
  await ended;
  expect(await apt.lines("done")).toHaveLength(4);
});

test("packages are installed whole, too, when whoever asked for them is killed meanwhile", async () => {
  const apt = await standIn({ WAITS_AT: unpacking });
  const program = `
    const { installPackages } = await import(${JSON.stringify(join(import.meta.dirname, "install-packages.ts"))});
    const { signal } = new AbortController();
    const nobody = () => undefined;
    await installPackages(["runc", "tini"], { env: process.env, signal, onStage: nobody, onLetFinish: nobody });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    env: apt.env,
    stdio: "ignore",
  });
  await eventually(
    () => apt.read("waits"),
    (text) => text !== "",
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  await apt.go();
  const done = await eventually(
    () => apt.lines("done"),
    (lines) => lines.length === 4,
  );
  expect(done.at(-1)).toMatch(/^install .* runc tini$/);
});
