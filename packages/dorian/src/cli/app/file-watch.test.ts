import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileWatch } from "./file-watch.ts";

test("a change to a watched file is told once, also when an editor replaces the file", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dorian-watch-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const [app, other] = [join(directory, "app.ts"), join(directory, "other.ts")];
  writeFileSync(app, "1");
  using files = new FileWatch();
  files.setFiles([app]);
  const stop = new AbortController();
  const changes = files.changes({ signal: stop.signal });

  const first = changes.next();
  writeFileSync(other, "unwatched");
  writeFileSync(app, "2");
  writeFileSync(app, "3");
  expect((await first).value).toEqual([app]);

  const second = changes.next();
  writeFileSync(`${app}.tmp`, "4");
  renameSync(`${app}.tmp`, app);
  expect((await second).value).toEqual([app]);

  const third = changes.next();
  stop.abort();
  expect((await third).done).toBe(true);
});
