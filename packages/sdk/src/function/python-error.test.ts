import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { pythonError } from "./python-error.ts";

/** As a container of Python reports what the statement raises. */
function raised(statement: string): { exception: string; traceback: string } {
  const program = `
import json, traceback
class Trouble(Exception): pass
try:
    exec(${JSON.stringify(statement)})
except BaseException as error:
    print(json.dumps({"exception": repr(error), "traceback": traceback.format_exc()}))
`;
  return JSON.parse(execFileSync("/usr/bin/python3", ["-c", program], { encoding: "utf8" })) as never;
}

test.for([
  ["raise ValueError('no such label')", "ValueError", "no such label"],
  ["raise Trouble('two\\nlines')", "Trouble", "two\nlines"],
  ["raise KeyError('x')", "KeyError", "'x'"],
  ["raise RuntimeError()", "RuntimeError", ""],
  ["import json; json.loads('{')", "JSONDecodeError", "Expecting property name enclosed in double quotes"],
])("%s is a %s with its own words", ([statement = "", name, message = ""]) => {
  const { exception, traceback } = raised(statement);
  const error = pythonError(exception, traceback);
  expect(error).toMatchObject({ name, stack: traceback });
  expect(error.message.startsWith(message)).toBe(true);
});

test("an error with a cause is named by the last one raised", () => {
  const { exception, traceback } = raised(
    "try:\n  1 / 0\nexcept Exception as e:\n  raise ValueError('outer') from e",
  );
  expect(pythonError(exception, traceback)).toMatchObject({ name: "ValueError", message: "outer" });
});

test("words of the platform stay as they are", () => {
  expect(pythonError("The container exited with code 3.", "")).toMatchObject({
    name: "RemoteError",
    message: "The container exited with code 3.",
  });
});
