import { expect, test } from "vitest";
import { WayBack } from "./way-back.ts";

test("steps are undone in reverse; one that fails is tried again by the next call, and none is undone twice", async () => {
  const way = new WayBack();
  const done: string[] = [];
  let fails = true;
  way.add(() => void done.push("first"));
  way.add(() => {
    if (fails) throw new Error("not now");
    done.push("second");
  });
  way.add(async () => void done.push("third"));
  await expect(way.go()).rejects.toThrow("not now");
  expect(done).toEqual(["third"]);
  fails = false;
  await way.go();
  await way.go();
  expect(done).toEqual(["third", "second", "first"]);
});

test("what was forgotten is not undone", async () => {
  const way = new WayBack();
  way.add(() => Promise.reject(new Error("undone")));
  way.forget();
  expect(way.isEmpty).toBe(true);
  await way.go();
});
