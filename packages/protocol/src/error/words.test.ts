import { expect, test } from "vitest";
import { inWordsOf, languageOf } from "./words.ts";

test("clients of Python are known by their type, all others speak TypeScript", () => {
  expect(["1", "3", "5"].map(languageOf)).toEqual(["python", "python", "python"]);
  expect(["7", "8", "", undefined, "x"].map(languageOf)).toEqual(Array(5).fill("typescript"));
});

test("code in a message is said in the reader's language, and what else stands there is left alone [A23]", () => {
  const text =
    'There is no volume "createIfMissing". Create it with `dorian volume create createIfMissing`, or pass `createIfMissing: true` to `Volume.fromName`; Volume `minContainersOfMine`.';
  expect(inWordsOf("typescript", text)).toBe(text);
  expect(
    inWordsOf("python", "Pass `Secret.fromObject({ … })` or `createIfMissing: true`. Secret.fromObject"),
  ).toBe("Pass `modal.Secret.from_dict({ … })` or `create_if_missing=True`. Secret.fromObject");
  expect(inWordsOf("python", "`dorian app list --all`, `dorian doctor`, `myVolume`, `./Volume.d`")).toBe(
    "`modal app list`, `dorian doctor`, `myVolume`, `./modal.Volume.d`",
  );
});
