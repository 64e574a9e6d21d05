import { expect, test } from "vitest";
import { BootstrapProgress } from "./bootstrap-progress.ts";

test("what a bootstrap counts is drawn on one line, which what it says goes over", () => {
  let log = "";
  {
    using progress = new BootstrapProgress((text) => (log += text));
    progress.line("Get:1 http://deb.debian.org/debian bookworm InRelease [151 kB]");
    progress.line("Unpacking base-files (12.4) ...");
    progress.line("I: success in 30.0 seconds");
  }
  expect(log).toBe("\r   1 files fetched, 0 packages unpacked, 0 set up\r   success in 30.0 seconds\n");
});

test("a line that is drawn ends when the bootstrap does", () => {
  let log = "";
  {
    using progress = new BootstrapProgress((text) => (log += text));
    progress.line("Setting up base-files (12.4) ...");
  }
  expect(log).toMatch(/1 set up\n$/);
});
