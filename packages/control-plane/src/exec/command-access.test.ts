import { expect, test } from "vitest";
import { commandUrl } from "./command-access.ts";

test.for([
  "http://localhost:7070",
  "http://127.0.0.1:7070",
  "http://172.21.0.1:80",
  "https://dorian.example",
])("a client at %s finds commands where it found the server", (calledUrl) => {
  expect(commandUrl({ calledUrl })).toBe(calledUrl);
});

test.for([
  "http://10.0.0.5:7070",
  "http://dorian.lan:7070",
  "http://127.1:7070",
  "http://localhost.lan:7070",
])("a client at %s, which would refuse the address, is told of the ways there are", (calledUrl) => {
  expect(() => commandUrl({ calledUrl })).toThrow(
    expect.objectContaining({
      code: "EXEC_NEEDS_LOCALHOST",
      status: "FAILED_PRECONDITION",
      remedy: expect.stringContaining("ssh -L 7070:localhost:7070") as unknown,
    }),
  );
});
