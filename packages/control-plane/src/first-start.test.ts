import { execFile } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../test/catalog-server.ts";

const script = fileURLToPath(new URL("../test/first-start.ts", import.meta.url));

/** What a first start's directory was before each of its steps, without those of which there is another like it. */
async function halfMadeDirectories(): Promise<string[]> {
  const place = await temporaryDirectory();
  const copies = join(place, "copies");
  await mkdir(copies);
  const flags = ["--disable-warning=ExperimentalWarning", script, join(place, "data"), copies];
  // It ends by a kill.
  const killed = await promisify(execFile)(process.execPath, flags).then(
    () => ({ stdout: "" }),
    (error: { stdout: string }) => error,
  );
  expect(Number(killed.stdout)).toBeGreaterThan(20);
  const seen = new Map<string, string>();
  for (const name of await readdir(copies)) {
    const entries = await readdir(join(copies, name), { recursive: true });
    seen.set(entries.toSorted().join("\n"), join(copies, name));
  }
  return [...seen.values()];
}

test("a server starts on whatever a first start that was killed has left, and nothing half-made stays [L9]", async () => {
  const directories = await halfMadeDirectories();
  expect(directories.length).toBeGreaterThan(12);
  for (const directory of directories) {
    await using server = await CatalogServer.open(directory, { tls: { kind: "own" } });
    expect((await server.modal.environmentList({})).items).toHaveLength(1);
    const names = await readdir(directory, { recursive: true });
    expect(names.filter((name) => /\.[0-9a-f]{12}$/.test(name))).toEqual([]);
  }
});
