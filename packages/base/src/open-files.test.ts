import { expect, test } from "vitest";
import { limitIn, openFilesLimit } from "./open-files.ts";

test("a process knows how many files it may have open", () => {
  const text = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             95000                95000                processes
Max open files            ${soft}                 1048576              files
`;
  expect([text("256"), text("unlimited"), "nothing"].map(limitIn)).toEqual([256, Infinity, Infinity]);
  expect(openFilesLimit()).toBeGreaterThan(0);
});
