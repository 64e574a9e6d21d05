import { expect, test } from "vitest";
import { nextLabel, webLabel } from "./web-label.ts";

const parts = {
  environmentSuffix: "",
  appName: "Quick Start",
  tag: "Model.page_one",
  requested: "",
  ephemeral: false,
  ephemeralSuffix: "",
};

test("a label says the app and the function, in letters that host names may have", () => {
  expect(webLabel(parts)).toBe("quick-start-model-page-one");
  expect(webLabel({ ...parts, environmentSuffix: "staging" })).toBe("staging-quick-start-model-page-one");
});

test("a label that the user chose stands for app and function", () => {
  expect(webLabel({ ...parts, requested: "shop" })).toBe("shop");
});

test("runs have labels of their own beside the deployed app's", () => {
  expect(webLabel({ ...parts, ephemeral: true })).toBe("quick-start-model-page-one-dev");
  expect(webLabel({ ...parts, ephemeral: true, ephemeralSuffix: "ada" })).toBe(
    "quick-start-model-page-one-ada",
  );
});

test("a long label is cut, and different ones stay different", () => {
  const long = webLabel({ ...parts, tag: "a".repeat(100) });
  expect(long).toMatch(/^quick-start-a+-[0-9a-f]{6}$/);
  expect(long).toHaveLength(63);
  expect(webLabel({ ...parts, tag: `${"a".repeat(100)}b` })).not.toBe(long);
  expect(nextLabel(long, 12)).toHaveLength(63);
  expect(nextLabel("shop", 2)).toBe("shop-2");
});

test("a name without a usable letter still has an address", () => {
  expect(webLabel({ ...parts, appName: "日本", tag: "語" })).toBe("web");
});
