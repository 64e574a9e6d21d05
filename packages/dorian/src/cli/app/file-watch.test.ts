import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileWatch } from "./file-watch.ts";

function place(): {
  directory: string;
  watching: FileWatch;
  next: () => Promise<string[] | undefined>;
  stop: () => void;
} {
  const directory = mkdtempSync(join(tmpdir(), "dorian-watch-"));
  const watching = new FileWatch();
  onTestFinished(() => {
    watching[Symbol.dispose]();
    rmSync(directory, { recursive: true });
  });
  const stop = new AbortController();
  const changes = watching.changes({ signal: stop.signal });
  const next = async () => ((await changes.next()).value as string[] | undefined)?.toSorted();
  return { directory, watching, next, stop: () => stop.abort() };
}

test("a change to a watched file is told once, also when an editor replaces the file", async () => {
  const { directory, watching, next, stop } = place();
  const [app, other] = [join(directory, "app.ts"), join(directory, "other.ts")];
  writeFileSync(app, "1");
  watching.setTargets({ files: [app] });

  const first = next();
  writeFileSync(other, "unwatched");
  writeFileSync(app, "2");
  writeFileSync(app, "3");
  expect(await first).toEqual([app]);

  const second = next();
  writeFileSync(`${app}.tmp`, "4");
  renameSync(`${app}.tmp`, app);
  expect(await second).toEqual([app]);

  const third = next();
  stop();
  expect(await third).toBeUndefined();
});

test("many changes are one, those during a publish the next one [A12]", async () => {
  const { directory, watching, next } = place();
  const names = Array.from({ length: 300 }, (_, index) => join(directory, `${index}.ts`));
  watching.setTargets({ files: names });
  const first = next();
  for (const name of names) writeFileSync(name, "1");
  expect(await first).toEqual(names.toSorted());
  // Nobody asks at this moment: whoever does is told at once.
  for (const name of names.slice(0, 2)) writeFileSync(name, "2");
  watching.setTargets({ files: names });
  expect(await next()).toEqual(names.slice(0, 2).toSorted());
});

test("files that are not there yet, in directories that come and go, are noticed [A12]", async () => {
  const { directory, watching, next } = place();
  const deep = join(directory, "a/b/c.ts");
  const targets = { files: [deep] };
  watching.setTargets(targets);
  const made = next();
  mkdirSync(join(directory, "a/b"), { recursive: true });
  writeFileSync(deep, "1");
  expect((await made)?.length).toBeGreaterThan(0);

  watching.setTargets(targets);
  const gone = next();
  rmSync(join(directory, "a"), { recursive: true });
  expect((await gone)?.length).toBeGreaterThan(0);

  watching.setTargets(targets);
  const back = next();
  mkdirSync(join(directory, "a"));
  expect(await back).toEqual([join(directory, "a")]);
});

test("of a directory only the names that count are told [A12]", async () => {
  const { directory, watching, next } = place();
  watching.setTargets({ files: [], directories: [[directory, (name) => !name.endsWith(".log")]] });
  const told = next();
  writeFileSync(join(directory, "x.log"), "1");
  writeFileSync(join(directory, "new.bin"), "1");
  expect(await told).toEqual([join(directory, "new.bin")]);
});
