import { expect, test } from "vitest";
import { failedImport, forgetGuardedImports } from "./guarded-imports.ts";
import { Image } from "./image.ts";

/** As Node says that a package is not there. */
const missing = (name: string) => async (): Promise<{ load: () => void }> => {
  throw Object.assign(new Error(`Cannot find package '${name}' imported from /root/app.mjs`), {
    code: "ERR_MODULE_NOT_FOUND",
  });
};

test("what an image lacks fails when it is used, by its name, and is remembered for that image and those on it [D5]", async () => {
  const image = Image.debianSlim();
  const { load } = await image.imports(missing("@acme/weights/fast"));
  expect(() => load()).toThrow(
    expect.objectContaining({
      packageName: "@acme/weights",
      message: expect.stringContaining('.npmInstall("@acme/weights")') as string,
    }),
  );
  const error = expect.objectContaining({ code: "ERR_MODULE_NOT_FOUND" });
  expect([failedImport(image), failedImport(image.env({ A: "1" }))]).toEqual([error, error]);
  expect(failedImport(image.addLocalFile("a.txt", "/a.txt"))).toEqual(error);
  expect([failedImport(Image.debianSlim()), failedImport(undefined)]).toEqual([undefined, undefined]);
  forgetGuardedImports();
  expect(failedImport(image)).toBeUndefined();
});

test("of packages that are loaded together each fails when it is used [D5]", async () => {
  const load = () => Promise.all([import("node:path"), missing("left")(), missing("right")()]);
  const [path, { load: left }, right] = await Image.debianSlim().imports(load);
  for (const use of [() => path.join("a"), () => left(), () => right.load()])
    expect(use).toThrow(expect.objectContaining({ packageName: "left" }));
  const endless = await Image.debianSlim().imports(missing("left") as () => Promise<never>);
  expect(() => Array.from(endless)).toThrow(expect.objectContaining({ packageName: "left" }));
});

test("what is missing from local packages of an image is not missing from the image below them [D5]", async () => {
  const below = Image.debianSlim();
  const image = below.addLocalPackage("../prompts");
  await image.imports(missing("prompts"));
  expect(failedImport(below)).toBeUndefined();
  expect(failedImport(image.addLocalFile("a.txt", "/a.txt"))).toBeDefined();
});

test("what is there is what it is, and other errors are the module's own [D5]", async () => {
  const image = Image.debianSlim();
  expect(await image.imports(async () => 7)).toBe(7);
  const broken = new SyntaxError("Unexpected token");
  await expect(image.imports(() => Promise.reject(broken))).rejects.toBe(broken);
  await expect(image.imports(missing("./beside.ts"))).rejects.toThrow("./beside.ts");
  expect(failedImport(image)).toBeUndefined();
});
