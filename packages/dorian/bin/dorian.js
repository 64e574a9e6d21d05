#!/usr/bin/env node
// This file runs under whatever Node the machine has, so it uses nothing that is newer than Node 16.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const wantedMajor = 24;
const here = dirname(fileURLToPath(import.meta.url));
const relayed = "DORIAN_RELAYED";

if (major() >= wantedMajor) await start();
else relay();

async function start() {
  delete process.env[relayed];
  // Not the default place below /tmp: what is read from there as code would run with the rights of root.
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dorian", "compiled");
  if (!process.env.NODE_COMPILE_CACHE) nodeModule.enableCompileCache(cache);
  const built = join(here, "../dist/cli.js");
  const { main } = await import(
    pathToFileURL(existsSync(built) ? built : join(here, "../src/cli/main.ts")).href
  );
  await main(process.argv.slice(2));
}

/** Runs the same command line under the Node 24 that npm installed beside this package. */
function relay() {
  const node = process.env[relayed] ? undefined : findNode();
  if (node === undefined) {
    process.stderr.write(
      `Error: Dorian needs Node ${wantedMajor} or newer, and this is Node ${process.versions.node}.\n` +
        `  Why: no node_modules/node/bin/node was found in ${here} or above it.\n` +
        `  Fix: install Node ${wantedMajor}, or have npm put it beside Dorian: \`npm install node@${wantedMajor}\`.\n`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: inherited(),
    env: Object.assign({}, process.env, { [relayed]: "1" }),
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(
      `Error: ${node} could not be started.\n  Why: ${error.message}\n  Fix: install Dorian and the Node beside it again.\n`,
    );
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code === null ? 128 + (signal === "SIGKILL" ? 9 : 15) : code;
  });
}

function findNode() {
  for (let directory = here; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", "node", "bin", "node");
    if (existsSync(candidate)) return candidate;
    if (dirname(directory) === directory) return undefined;
  }
}

/** Standard streams, and the descriptor that --ready-fd names. */
function inherited() {
  const index = process.argv.indexOf("--ready-fd");
  const descriptor = index < 0 ? 0 : Number(process.argv[index + 1]);
  const stdio = ["inherit", "inherit", "inherit"];
  if (Number.isInteger(descriptor) && descriptor > 2) {
    while (stdio.length < descriptor) stdio.push("ignore");
    stdio.push(descriptor);
  }
  return stdio;
}

function major() {
  return Number(process.versions.node.split(".")[0]);
}
