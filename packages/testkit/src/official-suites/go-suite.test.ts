import { expect, test } from "vitest";
import { outcomesOf } from "./go-suite.ts";

const files = new Map([
  ["/TestRoot", "root_test.go"],
  ["test/TestTable", "test/table_test.go"],
]);

function outcomes(events: [Action: string, Package: string, Test?: string | undefined, Output?: string][]) {
  const lines = events.map(([Action, Package, Test, Output]) =>
    JSON.stringify({ Action, Package: `example.com/go${Package}`, Test, Output }),
  );
  return outcomesOf(["not of go test", ...lines].join("\n"), files);
}

test("a test that passes, fails or is skipped is told with its file, and a failure with its words", () => {
  const told = outcomes([
    ["run", "", "TestRoot"],
    ["output", "", "TestRoot", "what went "],
    ["output", "", "TestRoot", "wrong\n"],
    ["fail", "", "TestRoot"],
    ["output", "/test", "TestOther", "noise"],
    ["pass", "/test", "TestOther"],
    ["skip", "/test", "TestLater"],
    ["fail", "", undefined],
  ]);
  expect(told).toEqual([
    { suite: "go", file: "root_test.go", name: "TestRoot", state: "failed", failure: "what went wrong\n" },
    { suite: "go", file: "test", name: "TestOther", state: "passed", failure: "" },
    { suite: "go", file: "test", name: "TestLater", state: "skipped", failure: "" },
  ]);
});

test("tests within a test stand for it, unless it fails and none of them does", () => {
  const table = (whole: string) =>
    outcomes([
      ["pass", "/test", "TestTable/one"],
      ["pass", "/test", "TestTable/two"],
      [whole, "/test", "TestTable"],
      [whole, "/test"],
    ]).map(({ file, name, state }) => [file, name, state]);
  const within = [
    ["test/table_test.go", "TestTable/one", "passed"],
    ["test/table_test.go", "TestTable/two", "passed"],
  ];
  expect(table("pass")).toEqual(within);
  expect(table("fail")).toEqual([...within, ["test/table_test.go", "TestTable", "failed"]]);
});

test("a test that never ended has failed, and so has a package that failed after all its tests", () => {
  expect(outcomes([["run", "", "TestRoot"]])).toMatchObject([{ name: "TestRoot", state: "failed" }]);
  const leaking = outcomes([
    ["pass", "", "TestRoot"],
    ["output", "", undefined, "found unexpected goroutines"],
    ["fail", ""],
  ]);
  expect(leaking).toMatchObject([
    { name: "TestRoot", state: "passed" },
    { name: "(the package)", state: "failed", failure: "found unexpected goroutines" },
  ]);
});
