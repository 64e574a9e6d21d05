import { describe, expect, test } from "vitest";
import type { Fence } from "../markdown/fences.ts";
import { typeFaults } from "./check-types.ts";
import { readGuidePage } from "./guide-page.ts";

function page(...blocks: [info: string, code: string][]): string {
  return blocks.map(([info, code]) => `words\n\n\`\`\`${info}\n${code}\n\`\`\`\n`).join("\n");
}

describe("a page of the guide", () => {
  test("is a project: named blocks are its files, in order, and the rest is run, checked or promised", () => {
    const read = readGuidePage(
      "page.md",
      page(
        ["ts app.ts", "const a = 1;"],
        ["sh", "node app.ts"],
        ["text", "1"],
        ["ts", "a + 1;"],
        ["ts app.ts", "console.log(a);"],
        ["dockerfile Dockerfile", "FROM scratch"],
        ["mermaid", "graph LR"],
      ),
    );
    expect(read.faults).toEqual([]);
    const codes = (fences: readonly Fence[] = []) => fences.map(({ code }) => code);
    expect([...read.files.keys()]).toEqual(["app.ts", "Dockerfile"]);
    expect(codes(read.files.get("app.ts"))).toEqual(["const a = 1;\n", "console.log(a);\n"]);
    expect(codes(read.commands)).toEqual(["node app.ts\n"]);
    expect(codes(read.fragments)).toEqual(["a + 1;\n"]);
    expect(read.printed).toEqual(["1\n"]);
  });

  test("may only show a block when it says why, and hides none behind another name of its language", () => {
    const { faults, commands } = readGuidePage(
      "page.md",
      page(["sh shown: it takes a GPU", "a"], ["sh shown", "b"], ["bash", "c"], ["ts app", "d"]),
    );
    expect(commands).toEqual([]);
    expect(faults).toEqual([
      "docs/guide/page.md:9: say behind `shown` why the block is neither run nor checked.",
      "docs/guide/page.md:15: write sh for bash, so that the block is read.",
      `docs/guide/page.md:21: "app" is neither a file's name nor \`shown\` with a reason.`,
    ]);
  });

  test("has faults of types told by its own lines; a piece knows those before it, the page's files, and dorian", async () => {
    const text = page(
      ["ts app.ts", `export const answer = 42;\nconst wrong: string = answer;`],
      ["ts other.ts", `import { join as joined, type ParsedPath } from "node:path";\njoined();`],
      ["ts", "const parsed: ParsedPath | string = joined();"],
      [
        "ts",
        `import { readFileSync } from "node:fs";\nconst size: number = readFileSync("x").length + answer;`,
      ],
      [
        "ts",
        `import { readFileSync } from "node:fs";\nreadFileSync("x");\nexport const app = new App(size);`,
      ],
      [
        "ts",
        `import { absent } from "a-package-of-images";\nconst size = absent(readFileSync);\nsize.anything;`,
      ],
    );
    expect(await typeFaults([readGuidePage("page.md", text)])).toEqual([
      expect.stringMatching(/^docs\/guide\/page\.md:5: error TS2322: Type 'number' is not assignable/),
      expect.stringMatching(/^docs\/guide\/page\.md:33: error TS2345: Argument of type 'number'/),
    ]);
    const trusted = page([
      "ts",
      `import { absent } from "a-package-of-images";\nabsent((context) => context.text());`,
    ]);
    expect(await typeFaults([readGuidePage("page.md", trusted)])).toEqual([]);
  });
});
