import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collector, testRuntime } from "../../test/test-container.ts";
import { type Criu, findCriu } from "../container/runc/criu.ts";

const never = new AbortController().signal;

async function requireCriu(): Promise<Criu> {
  const found = await findCriu();
  if ("absence" in found) throw new Error(found.absence);
  return found.criu;
}

const counting = "n=0; while :; do n=$((n + 1)); echo $n; sleep 0.05; done";

test("a container goes on where its snapshot was taken, as often as it is brought back, and the first one goes on as well", async () => {
  const criu = await requireCriu();
  await using host = await testRuntime();
  const first = collector();
  await using container = await host.runtime.run(host.spec(counting), first);
  await expect.poll(() => first.text.stdout).toContain("5\n");
  const directory = join(host.runtimeDirectory, "snapshot");
  await mkdir(directory);
  await container.checkpoint({ directory, criu, signal: never });
  expect(await readdir(directory)).toContain("inventory.img");
  const taken = Number(first.text.stdout.trim().split("\n").at(-1));
  await expect.poll(() => first.text.stdout).toContain(`\n${taken + 3}\n`);
  for (const _ of [1, 2]) {
    const again = collector();
    await using restored = await host.runtime.restore(host.spec(counting), {
      images: directory,
      criu,
      ...again,
    });
    await expect.poll(() => again.text.stdout).toContain("\n");
    expect(Math.abs(Number(again.text.stdout.split("\n")[0]) - taken)).toBeLessThan(4);
    expect(restored.pid).toBeGreaterThan(0);
  }
});
