// Writes docs/modal-compatibility.md. With --check it only says whether that is current.
// With --gather FILE… it first runs those end-to-end tests and notes what of the official clients they exercise.
// With --surface READING… it first reads anew what the clients have (see conformance/read-surface.py).
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addRun, evidenceFile, readEvidence, staleEvidence, type Span } from "./conformance/evidence.ts";
import { pageOf } from "./conformance/page.ts";
import { mergeReadings, readSurface, surfaceFile } from "./conformance/surface.ts";

const root = join(import.meta.dirname, "..");
const target = join(root, "docs/modal-compatibility.md");
const [mode, ...files] = process.argv.slice(2);

if (mode === "--surface") writeJson(surfaceFile, mergeReadings(files));
if (mode === "--gather") for (const file of files) gather(file);
const page = pageOf(readSurface(), readEvidence());
if (mode === "--check") check();
else writeFileSync(target, page);

function gather(file: string): void {
  const directory = mkdtempSync(join(tmpdir(), "dorian-evidence-"));
  try {
    const reporter = join(import.meta.dirname, "conformance/span-reporter.ts");
    const args = [
      "run",
      "--project",
      "e2e",
      "--retry",
      "0",
      "--reporter",
      "default",
      "--reporter",
      reporter,
      file,
    ];
    spawnSync(join(root, "node_modules/.bin/vitest"), args, {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, DORIAN_EVIDENCE: directory },
    });
    const spans = JSON.parse(readFileSync(join(directory, "spans.json"), "utf8")) as Span[];
    const evidence = readEvidence();
    addRun(evidence, readSurface(), { file, directory, spans });
    for (const [kind, shown] of Object.entries(evidence))
      evidence[kind as keyof typeof evidence] = Object.fromEntries(
        Object.entries(shown).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
    writeJson(evidenceFile, evidence);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function check(): void {
  const stale = staleEvidence(readEvidence(), root);
  if (stale.length > 0) {
    console.error(
      `Tests that docs/modal-compatibility.md refers to are gone: run script/conformance.ts --gather with the files.\n${stale.join("\n")}`,
    );
    process.exitCode = 1;
  } else if (readFileSync(target, "utf8") !== page) {
    console.error("docs/modal-compatibility.md is not current: run script/conformance.ts.");
    process.exitCode = 1;
  }
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
