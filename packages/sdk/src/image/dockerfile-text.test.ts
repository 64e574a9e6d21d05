import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { environmentLine, fromLine, runLine, shellQuote, workdirLine } from "./dockerfile-text.ts";

test("a shell reads a quoted word back as it was", () => {
  const special = fc.string({
    unit: fc.constantFrom(..."~'\"$`\\ *?#;&|<>(){}[]!^=@a1-\n\t"),
    minLength: 0,
    maxLength: 12,
  });
  fc.assert(
    fc.property(fc.array(special, { minLength: 1, maxLength: 20 }), (words) => {
      const line = `printf '%s\\0' ${words.map(shellQuote).join(" ")}`;
      expect(execFileSync("/bin/sh", ["-c", line]).toString().split("\0").slice(0, -1)).toEqual(words);
    }),
    { numRuns: 50 },
  );
});

test("package names stay readable", () => {
  for (const name of ["numpy==2.1", "@huggingface/hub@2", "left-pad"]) expect(shellQuote(name)).toBe(name);
});

test("a command of several lines is one line of a Dockerfile, and runs as it would in a shell", () => {
  const line = runLine("echo a\necho 'b'");
  expect(line).not.toContain("\n");
  const [program = "", ...args] = JSON.parse(line.slice("RUN ".length)) as string[];
  expect(execFileSync(program, args).toString()).toBe("a\nb\n");
  expect(runLine("npm test")).toBe("RUN npm test");
});

test("environment lines escape what a Dockerfile would read, and refuse bad names and several lines", () => {
  expect(environmentLine("A", 'x"$HOME\\')).toBe(String.raw`ENV A="x\"\$HOME\\"`);
  for (const [key, value] of [
    ["1A", "x"],
    ["A B", "x"],
    ["", "x"],
    ["A", "x\ny"],
    ["A", 7 as unknown as string],
  ] as const) {
    expect(() => environmentLine(key, value)).toThrow(expect.objectContaining({ code: "IMAGE_ENV_INVALID" }));
  }
});

test("a working directory is absolute", () => {
  expect(workdirLine("/root/work")).toBe("WORKDIR /root/work");
  expect(workdirLine("/a b/it's $x")).toBe(String.raw`WORKDIR /a\ b/it\'s\ \$x`);
  for (const path of ["work", "", "/a\nb"]) {
    expect(() => workdirLine(path)).toThrow(expect.objectContaining({ code: "IMAGE_PATH_INVALID" }));
  }
});

test.each([
  ["RUN true\n from x", "from x"],
  ["RUN <<EOF\nfrom pathlib import Path\nEOF\nENV A=1", undefined],
  ["RUN cat <<'A b' <<-C > /x\nfrom x\nA b\nfrom y\n\tC\nFROM z", "FROM z"],
  ["RUN echo \\\n  # note\n  from x\nENV A=1", undefined],
  ["RUN echo a\\\\\nFROM x", "FROM x"],
  ["RUN echo $((1 <<2))\nFROM x", "FROM x"],
  ["# FROM x\r\nRUN a\r\n", undefined],
])("the first FROM of %j is %j", (text, expected) => {
  expect(fromLine(text)).toBe(expected);
});
