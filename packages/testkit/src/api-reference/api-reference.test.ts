import { expect, test } from "vitest";
import type { PublicDeclaration } from "../public-declarations.ts";
import { apiPages } from "./api-pages.ts";
import { docstringFaults } from "./docstring-faults.ts";
import { firstSentence, readDocstring } from "./docstring.ts";

const none: ReadonlySet<string> = new Set();

function declared(name: string, text: string, from = "./box/box.ts"): PublicDeclaration {
  return { door: "dorian", name, as: name, from, text, file: text };
}

test("a comment is read in its parts, each tag up to the next", () => {
  const read = readDocstring(`/**
 * Opens a box. It
 * may be empty: then nothing is in it.
 *
 * @param options.key which key; default: none
 * @throws AppError BOX_LOCKED
 * @example
 * @decorated()
 * const box = open();
 */`);
  expect(read).toEqual({
    text: "Opens a box. It\nmay be empty: then nothing is in it.",
    parameters: [{ name: "options.key", text: "which key; default: none" }],
    throws: ["AppError BOX_LOCKED"],
    examples: ["@decorated()\nconst box = open();"],
  });
  expect(firstSentence(read)).toBe("Opens a box.");
  expect(readDocstring("/** Opens it. @throws AppError BOX_LOCKED */").throws).toEqual([
    "AppError BOX_LOCKED",
  ]);
});

const box = declared(
  "Box",
  `/** A box. */
export declare class Box {
    #private;
    /** Bytes. */
    readonly size: number;
    private constructor();
    /**
     * Opens one.
     *
     * @throws AppError BOX_LOCKED
     */
    static open(options?: {
        key?: string;
    }): Box;
    weigh(): number;
}`,
);

test("a page shows properties as a list, methods with their signatures, and nothing that is private", () => {
  const page = apiPages([box]).get("box.md") ?? "";
  expect(page).toContain("* `readonly size: number`: Bytes.");
  expect(page).toContain(
    "### Box.open\n\nOpens one.\n\n```ts\nstatic open(options?: {\n    key?: string;\n}): Box;\n```\n\n* Throws AppError BOX_LOCKED",
  );
  expect(page).not.toContain("private");
});

test("names that differ in case alone have anchors of their own", () => {
  const index = apiPages([
    declared("Box", "/** A type. */\nexport type Box = 1;"),
    declared("box", "/** A function. */\nexport declare function box(): Box;"),
  ]).get("README.md");
  expect(index).toContain("(box.md#box)");
  expect(index).toContain("(box.md#box-1)");
});

test("what a comment lacks is told with the name that lacks it", () => {
  expect(docstringFaults([box], none)).toEqual([
    "Box has no @example, nor has anything whose signature names it.",
    "Box.weigh has no comment.",
    "Box names the error BOX_LOCKED, which does not exist.",
  ]);
  const options = declared(
    "Options",
    `export interface Options {
    /** How heavy. */
    weight?: number;
}`,
  );
  expect(docstringFaults([options], none)).toEqual([
    "Options has no comment.",
    "Options has no @example, nor has anything whose signature names it.",
    "Options.weight does not say what holds without it.",
    "Options.weight does not say its unit.",
  ]);
  const shown = declared(
    "open",
    "/**\n * Opens.\n *\n * @example\n * open({});\n */\nexport declare function open(options: Options): void;",
  );
  const faults = docstringFaults([{ ...options, text: `/** Ways. */\n${options.text}` }, shown], none);
  expect(faults.filter((fault) => fault.includes("@example"))).toEqual([]);
});
