import { stripVTControlCharacters } from "node:util";
import { AppError } from "@dorian/base/app-error";
import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { exitCode } from "../exit-code.ts";
import { UsageError } from "../input.ts";
import { Interrupted } from "../interruption.ts";
import { RemoteFailure } from "../remote-failure.ts";
import { formatBytes } from "../../format-bytes.ts";
import { formatAgo, formatDuration } from "./duration.ts";
import { exitCodeOf, renderError } from "./error-block.ts";
import { Output, type TextStream } from "./output.ts";
import { renderByteProgress } from "./progress-bar.ts";
import { StatusLine, statusText } from "./status-line.ts";
import { renderTable } from "./table.ts";
import { renderTree } from "./tree.ts";
import { formatValue } from "./value.ts";

const plain = picocolors.createColors(false);
const colored = picocolors.createColors(true);

class Sink implements TextStream {
  text = "";
  readonly isTTY: boolean;
  readonly columns = 80;
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(chunk: string | Uint8Array): boolean {
    this.text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  }
}

describe("errors", () => {
  const error = new AppError("VOLUME_NOT_FOUND", 'There is no volume named "weights".', {
    status: "NOT_FOUND",
    remedy: "Create it with `dorian volume create weights`.",
    cause: new Error("nothing\nthere"),
  });

  test("an error is three lines: what, why and what to do", () => {
    expect(renderError(error, { colors: plain, debug: false })).toBe(
      [
        'Error: There is no volume named "weights".',
        "  Why: nothing there (VOLUME_NOT_FOUND)",
        "  Fix: Create it with `dorian volume create weights`.",
      ].join("\n"),
    );
  });

  test("an error says why in words before its code", () => {
    const why = (cause?: unknown) =>
      renderError(new AppError("A_B", "It failed.", { status: "RESOURCE_EXHAUSTED", remedy: "", cause }), {
        colors: plain,
        debug: false,
      }).split("\n")[1];
    expect(why()).toBe("  Why: a limit is reached (A_B)");
    const missing = new Error("ENOENT: no such file or directory, open '/x'");
    expect(why(missing)).toBe("  Why: no such file or directory, open '/x' (A_B)");
    const refused = new Error("connect ECONNREFUSED 127.0.0.1:7");
    expect(why(refused)).toBe("  Why: connection refused (127.0.0.1:7) (A_B)");
    expect(why(new AggregateError([refused]))).toBe("  Why: connection refused (127.0.0.1:7) (A_B)");
    expect(why(new Error("EXPECTED a number"))).toBe("  Why: EXPECTED a number (A_B)");
  });

  test("a failure that nobody foresaw is three lines as well, and its stack shows when asked for", () => {
    const bug = new TypeError("x is not a function");
    const quiet = renderError(bug, { colors: plain, debug: false });
    expect(quiet.split("\n")).toHaveLength(3);
    expect(quiet).toContain("TypeError");
    expect(renderError(bug, { colors: plain, debug: true })).toContain("output.test.ts");
    expect(renderError("thrown text", { colors: plain, debug: false })).toMatch(/^Error: thrown text\n/);
  });

  test.each([
    [new UsageError("wrong"), exitCode.usage],
    [new RemoteFailure("their code"), exitCode.remote],
    [new Interrupted("SIGINT"), exitCode.interrupted],
    [error, exitCode.failure],
    [new Error("bug"), exitCode.failure],
  ])("%s ends with exit code %i", (failure, code) => {
    expect(exitCodeOf(failure)).toBe(code);
  });
});

describe("what is shown", () => {
  test("a table is as wide as its contents, with numbers to the right", () => {
    const rows = [
      { name: "a", size: "1" },
      { name: "long name", size: "1000" },
    ];
    const columns = [
      { title: "Name", value: (row: (typeof rows)[number]) => row.name },
      { title: "Size", value: (row: (typeof rows)[number]) => row.size, align: "right" as const },
    ];
    expect(renderTable(columns, rows, plain)).toBe(
      ["Name       Size", "━━━━━━━━━  ━━━━", "a             1", "long name  1000"].join("\n"),
    );
    const bare = stripVTControlCharacters(renderTable(columns, rows, colored));
    expect(bare).toBe(renderTable(columns, rows, plain));
  });

  test("a line break in a cell does not break the table", () => {
    const table = renderTable([{ title: "T", value: (row: string) => row }], ["a\nb"], plain);
    expect(table.split("\n")).toHaveLength(3);
  });

  test("a tree ends with a closed branch", () => {
    expect(renderTree(["a", "b"])).toEqual(["├── a", "└── b"]);
    expect(renderTree([])).toEqual([]);
  });

  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [1024 ** 2 - 1, "1 MiB"],
    [5 * 1024 ** 3, "5 GiB"],
  ])("%i bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1500, "1.5 s"],
    [2000, "2 s"],
    [59_990, "1 min"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [90_000_000, "1 d 1 h"],
  ])("%i milliseconds are %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("a moment is shown by how long ago it was", () => {
    expect(formatAgo(0, 1_000_000)).toBe("-");
    expect(formatAgo(1000, 1_000_500)).toBe("just now");
    expect(formatAgo(1000, 1_065_000)).toBe("1 min 5 s ago");
  });

  test("progress of nothing is complete", () => {
    const line = renderByteProgress({ name: "e", doneBytes: 0, totalBytes: 0, elapsedMs: 5 }, 80, plain);
    expect(line).toContain("100%");
    expect(line).not.toContain("left");
  });

  test("a returned value is JSON, but text is text", () => {
    expect(formatValue("plain", 80)).toBe("plain");
    expect(formatValue([1, 2], 80)).toBe("[1,2]");
    expect(formatValue({ label: "setosa" }, 5)).toBe('{\n  "label": "setosa"\n}');
    expect(formatValue(new Map([["a", 1n]]), 80)).toBe('{"a":1}');
    expect(formatValue(new Uint8Array([1, 2]), 80)).toBe('"AQI="');
    expect(formatValue(new Float32Array([0.5]), 80)).toBe("[0.5]");
  });
});

describe("where it is shown", () => {
  test("results go to stdout and Dorian's own words to stderr", () => {
    const [stdout, stderr] = [new Sink(false), new Sink(false)];
    const output = new Output({ stdout, stderr, env: {} });
    output.print("result");
    output.note("note");
    output.pass("stdout", "partial");
    output.pass("stderr", "warning");
    expect(stdout.text).toBe("result\npartial");
    expect(stderr.text).toBe("note\nwarning");
  });

  test("names of others steer no terminal, in tables, notes and results [B18]", async () => {
    const [stdout, stderr] = [new Sink(true), new Sink(true)];
    const output = new Output({ stdout, stderr, env: {} });
    const name = "\u001B]0;owned\u0007\u001B[8mx\r";
    output.print(renderTable([{ title: "T", value: (row: string) => row }], [name], plain));
    expect(stdout.text).toContain("\\x1b]0;owned\\x07\\x1b[8mx");
    output.note(`There is no ${name}.`);
    expect(stderr.text).toContain("\\x1b]0;owned\\x07");
    for (const code of ["\u0007", "\r", "\u001B]"]) expect(stdout.text + stderr.text).not.toContain(code);
  });

  test("without a terminal a wait is one plain line per state, with no control codes", async () => {
    const stderr = new Sink(false);
    await using output = new Output({ stdout: new Sink(false), stderr, env: {} });
    using status = await StatusLine.open(output);
    status.set("Creating objects");
    status.set("Creating objects");
    status.setBelow("bar", ["a bar"]);
    status.set("Running");
    status.clear();
    expect(stderr.text).toBe("Creating objects …\nRunning …\n");
  });

  test("on a terminal a wait is a line that is drawn anew and gone when it is over", async () => {
    const stderr = new Sink(true);
    const stdout = new Sink(true);
    await using output = new Output({ stdout, stderr, env: {} });
    using status = await StatusLine.open(output);
    status.set("Creating objects");
    output.pass("stdout", "hello ");
    const drawn = stderr.text;
    status.set("Running");
    expect(stderr.text).toBe(drawn);
    output.pass("stdout", "world\n");
    expect(stderr.text).toContain("Running");
    expect(stdout.text).toBe("hello world\n");
  });

  test("NO_COLOR and a dumb terminal are honoured", () => {
    const make = (env: Record<string, string>) =>
      new Output({ stdout: new Sink(true), stderr: new Sink(true), env });
    expect(make({}).colors.red("x")).not.toBe("x");
    expect(make({ NO_COLOR: "1" }).colors.red("x")).toBe("x");
    expect(make({ TERM: "dumb" }).colors.red("x")).toBe("x");
    expect(make({ TERM: "dumb" }).isAnimated).toBe(false);
    expect(make({ NO_COLOR: "1", FORCE_COLOR: "1" }).colors.red("x")).toBe("x");
  });

  test("the spinner shows how long a state has lasted after its first second", () => {
    const output = { noteColors: plain } as Output;
    expect(statusText("Queued", 100, output)).toBe("⠙ Queued");
    expect(statusText("Queued", 61_500, output)).toMatch(/^. Queued 1 min 1 s$/);
  });
});
