import { expect, test } from "vitest";
import { patternsIn, productSources } from "./source-texts.ts";

/** What runs where others wait, on texts that peers, containers, builders and packages send. */
const sources = productSources(
  "{base,protocol,linux,storage,operator,python,oci,control-plane,worker,guest}",
);

/** A row of letters and then the end, without a beginning: tried anew at each letter of a row that ends otherwise. */
const rowAtTheEnd = /^(?:\[(?:\\.|[^\]\\])+\]|\\.|[^\\^([])[+*]\$$/;
/** As little as possible and then blanks: tried anew at each blank of a row in the midst. */
const blanksAtTheEnd = /\?\)\\s\*\$/;
/** A beginning, and then up to an end whatever is not that: what never ends is gone through anew from each such beginning. */
function beginsAnew(pattern: string): boolean {
  const [begins = ""] = /^(?:\\\W|[^\\^$([{*+?.|])+/.exec(pattern) ?? [];
  const [, kept] = /\[\^((?:\\.|[^\]\\])+)\][*+]\??[^*+?{)$]/.exec(pattern.replaceAll(/\)(?!\?)/g, "")) ?? [];
  return (
    kept !== undefined &&
    begins !== "" &&
    ![...begins.replaceAll("\\", "")].some((letter) => kept.includes(letter))
  );
}

test("no pattern takes time in the square of a text that others choose [B11]", () => {
  expect(["\\*+$", "\\/+$", "[\\d.]+$", "-+$"].filter((pattern) => !rowAtTheEnd.test(pattern))).toEqual([]);
  expect(["<a\\s([^>]*)>", "\\$\\{([^}]+)\\}"].filter((pattern) => !beginsAnew(pattern))).toEqual([]);
  expect(['"[^"]*"', "`[^`]+`", "<a\\s([^<>]*)>", "%[^/]*"].filter(beginsAnew)).toEqual([]);
  const slow = sources.flatMap((path) =>
    patternsIn(path)
      .filter((pattern) => rowAtTheEnd.test(pattern) || blanksAtTheEnd.test(pattern) || beginsAnew(pattern))
      .map((pattern) => `${path} ${pattern}`),
  );
  // Files of the operator's own.
  expect(slow.filter((found) => !found.startsWith("packages/operator/"))).toEqual([]);
});
