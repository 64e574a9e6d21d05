import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IgnorePatterns } from "./ignore-patterns.ts";

/** Whether a path is ignored; `prune` as a walk does that leaves out what it need not look at. */
function isIgnored(patterns: IgnorePatterns, path: string, prune = false): boolean {
  const names = path.split("/");
  let verdict = IgnorePatterns.undecided;
  for (const depth of names.keys()) {
    const place = names.slice(0, depth + 1).join("/");
    verdict = patterns.judge(place, verdict);
    const isOver = prune && patterns.ignores(verdict) && !patterns.mayBringBackFrom(place, verdict);
    if (isOver) return true;
  }
  return patterns.ignores(verdict);
}

const tree = [
  ".env",
  ".git/config",
  "README.md",
  "a[1].log",
  "docs/README.md",
  "docs/a.md",
  "lib/docs/a.md",
  "node_modules/.bin/tool",
  "node_modules/pkg/.cache/w.bin",
  "node_modules/pkg/index.js",
  "src/.secret/key.pem",
  "src/main.txt",
  "src/w.bin",
];

const kept = (...patterns: string[]) => {
  const parsed = new IgnorePatterns(patterns);
  return tree.filter((path) => !isIgnored(parsed, path, true));
};

/** What is kept of the tree, by the rules that Docker publishes for .dockerignore files. */
describe("ignore patterns", () => {
  test.each<[string[], string[]]>([
    [["*"], []],
    [["**"], []],
    [["**/*"], []],
    [["*/**"], [".env", "README.md", "a[1].log"]],
    [
      ["*", "!src"],
      ["src/.secret/key.pem", "src/main.txt", "src/w.bin"],
    ],
    [["*", "!**/*.pem"], ["src/.secret/key.pem"]],
    [
      ["*", "!docs/*.md"],
      ["docs/README.md", "docs/a.md"],
    ],
    [
      ["**", "!**/docs", "docs/a.md"],
      ["docs/README.md", "lib/docs/a.md"],
    ],
    [
      ["*", "!*", "node_modules", "src", "lib", ".*", "docs"],
      ["README.md", "a[1].log"],
    ],
    [["!docs/a.md", "*"], []],
    [
      ["*", "!.env", "!node_modules/pkg/?ndex.js"],
      [".env", "node_modules/pkg/index.js"],
    ],
    [["*", "!node_modules/**/?*.bin"], ["node_modules/pkg/.cache/w.bin"]],
    [
      ["*", "!/src/", "src/./.secret/../.secret//"],
      ["src/main.txt", "src/w.bin"],
    ],
    [["*", "! src/main.txt \r"], ["src/main.txt"]],
    [["\uFEFF*", "", "  ", "!docs/[b-z.A-R]*"], ["docs/README.md"]],
    [["*", "!docs/[^R]*"], ["docs/a.md"]],
    [["*", "!a\\[1\\].log"], ["a[1].log"]],
    [["*", "!lib/docs/**"], ["lib/docs/a.md"]],
  ])("%j keep %j", (patterns, expected) => {
    expect(kept(...patterns)).toEqual(expected);
  });

  test.each<[string[], string[]]>([
    [
      ["node_modules/**"],
      ["node_modules/.bin/tool", "node_modules/pkg/.cache/w.bin", "node_modules/pkg/index.js"],
    ],
    [
      ["node_modules"],
      ["node_modules/.bin/tool", "node_modules/pkg/.cache/w.bin", "node_modules/pkg/index.js"],
    ],
    [
      ["/node_modules/"],
      ["node_modules/.bin/tool", "node_modules/pkg/.cache/w.bin", "node_modules/pkg/index.js"],
    ],
    [["./node_modules/*/index.js"], ["node_modules/pkg/index.js"]],
    [
      ["**/*.pem", "**/?*.bin"],
      ["node_modules/pkg/.cache/w.bin", "src/.secret/key.pem", "src/w.bin"],
    ],
    [
      ["**/.*"],
      [
        ".env",
        ".git/config",
        "node_modules/.bin/tool",
        "node_modules/pkg/.cache/w.bin",
        "src/.secret/key.pem",
      ],
    ],
    [["*.md"], ["README.md"]],
    [["docs/*.md", "!docs/README.md"], ["docs/a.md"]],
    [["**/docs/a.md"], ["docs/a.md", "lib/docs/a.md"]],
    [["src/**/*.pem"], ["src/.secret/key.pem"]],
    [["**key.pem"], ["src/.secret/key.pem"]],
    [["a[1].log", "src/mai?.txt"], ["src/main.txt"]],
    [
      ["../src", ".", "/", "src/"],
      ["src/.secret/key.pem", "src/main.txt", "src/w.bin"],
    ],
  ])("%j leave out %j", (patterns, expected) => {
    expect(tree.filter((path) => !kept(...patterns).includes(path))).toEqual(expected);
  });

  test.each(["[", "[]", "[]a]", "[a", "[a-]", "[b-a]", "a\\", "!", "! ", "docs/["])(
    "%j is refused with its text",
    (pattern) => {
      expect(() => new IgnorePatterns(["*", pattern])).toThrow(
        expect.objectContaining({
          code: "IMAGE_IGNORE_INVALID",
          message: expect.stringContaining(JSON.stringify(pattern)),
        }),
      );
    },
  );

  test("what is no list of texts is refused", () => {
    for (const given of ["*.pem", [1], { 0: "a" }] as unknown[]) {
      expect(() => new IgnorePatterns(given as string[])).toThrow(
        expect.objectContaining({ code: "IMAGE_IGNORE_INVALID" }),
      );
    }
  });

  const names = fc.constantFrom("a", "b", ".a", "ab", "é", "a b");
  const path = fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const part = fc.constantFrom("a", "b", "*", "a*", "*b", "?", ".*", "[ab]", "[^a]", "é", "**a", "**");
  const pattern = fc
    .tuple(fc.constantFrom("", "!"), fc.array(part, { minLength: 1, maxLength: 4 }))
    .map(([mark, parts]) => `${mark}${parts.join("/")}`);

  test("a walk that leaves out what nothing brings back finds all that is kept", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 5 }), path, (patterns, place) => {
        const parsed = new IgnorePatterns(patterns);
        expect(isIgnored(parsed, place, true)).toBe(isIgnored(parsed, place));
      }),
      { numRuns: 3000 },
    );
  });

  test("a walk does not look into what nothing brings back", () => {
    const parsed = new IgnorePatterns(["node_modules", "data", "!data/*.txt", "!src/x", "src"]);
    const mayBringBack = (place: string) =>
      parsed.mayBringBackFrom(place, parsed.judge(place, IgnorePatterns.undecided));
    expect(["node_modules", "data", "data/deep", "src"].map(mayBringBack)).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  test("git ignores the same where its rules and Docker's are the same", async () => {
    // Rooted patterns, with "**" only as a whole part, and brought back only what is in no ignored directory.
    const gitPart = fc.constantFrom("a", "b", "*", "a*", "*b", "?", ".*", "[ab]", "c");
    const rooted = fc
      .tuple(
        fc.constantFrom("", "**/"),
        fc.array(gitPart, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("", "/**"),
      )
      .map(([before, parts, after]) => `/${before}${parts.join("/")}${after}`);
    const flat = fc.tuple(fc.constantFrom("", "!"), gitPart).map(([mark, name]) => `${mark}/${name}`);
    await using directory = await temporaryDirectory();
    execFileSync("git", ["init", "-q", directory.path]);
    // ASCII: to git, "?" is a byte.
    const names = ["a", "b", ".a", "ab", "c", "a b", "bb"];
    const deep = names.flatMap((one) =>
      names.flatMap((two) => names.map((three) => `${one}/${two}/${three}`)),
    );
    mkdirSync(join(directory.path, ".git/info"), { recursive: true });
    const gitIgnores = (patterns: string[], paths: string[]) => {
      writeFileSync(join(directory.path, ".git/info/exclude"), `${patterns.join("\n")}\n`);
      const { stdout: said } = spawnSync("git", ["check-ignore", "--no-index", "--stdin", "-z", "-v", "-n"], {
        cwd: directory.path,
        input: paths.map((each) => `${each}\0`).join(""),
        encoding: "utf8",
      });
      const fields = said.split("\0");
      return paths.filter((_, index) => {
        const rule = fields[index * 4 + 2] ?? "";
        return rule !== "" && !rule.startsWith("!");
      });
    };
    const sets = [
      ...fc.sample(fc.array(rooted, { minLength: 1, maxLength: 4 }), 40).map((set) => ({ set, paths: deep })),
      ...fc.sample(fc.array(flat, { minLength: 1, maxLength: 5 }), 40).map((set) => ({ set, paths: names })),
    ];
    for (const { set, paths } of sets) {
      const parsed = new IgnorePatterns(set);
      const ours = paths.filter((place) => isIgnored(parsed, place, true));
      expect(ours, set.join(" ")).toEqual(gitIgnores(set, paths));
    }
  });
});
