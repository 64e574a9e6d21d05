// Loaded into servers while evidence is gathered: writes down which calls of the official clients are answered.
import { appendFileSync } from "node:fs";
import { subscribe } from "node:diagnostics_channel";
import { join } from "node:path";

interface Answered {
  method: string;
  headers: ReadonlyMap<string, string>;
}

const directory = process.env["DORIAN_EVIDENCE"] ?? "";
const lastWritten = new Map<string, number>();

subscribe("dorian:call-answered", (message) => {
  const { method, headers } = message as Answered;
  const version = headers.get("x-modal-libmodal-version") ?? headers.get("x-modal-client-version") ?? "";
  // Our own SDK speaks the same contract, but says nothing of Python, and never runs commands this way.
  const isOfficial =
    headers.has("x-modal-python-version") ||
    headers.has("x-modal-libmodal-version") ||
    method.startsWith("TaskExec");
  if (!isOfficial) return;
  const at = Date.now();
  const key = `${method} ${version}`;
  // Polls come by the hundred.
  if (at - (lastWritten.get(key) ?? 0) < 200) return;
  lastWritten.set(key, at);
  const line = JSON.stringify({ at, kind: "call", name: method, client: version });
  appendFileSync(join(directory, "calls.jsonl"), `${line}\n`);
});
