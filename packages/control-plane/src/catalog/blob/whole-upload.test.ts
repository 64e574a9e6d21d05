import { expect, test } from "vitest";
import { sendsWhole, sumExpectedBy } from "./whole-upload.ts";

test("clients before 1.0 upload in one piece, later ones and unknown ones in parts", () => {
  expect(["0.62.181", "0.64.57", "1.0.5", "1.6.4", "", undefined].map(sendsWhole)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test("they are told the sum that they compute, which under a newer aiohttp is that of nothing", () => {
  const sum = "0cc175b9c0f1b6a831c399e269772661";
  const nothing = "d41d8cd98f00b204e9800998ecf8427e";
  expect(sumExpectedBy("Python/3.11 aiohttp/3.11.18", sum)).toBe(sum);
  expect(sumExpectedBy("Python/3.11 aiohttp/3.12.0", sum)).toBe(nothing);
  expect(sumExpectedBy("Python/3.11 aiohttp/3.9.3", sum)).toBe(sum);
  expect(sumExpectedBy("Python/3.13 aiohttp/4.0.1", sum)).toBe(nothing);
  expect(sumExpectedBy(undefined, sum)).toBe(sum);
});
