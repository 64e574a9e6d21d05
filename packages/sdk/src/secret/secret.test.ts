import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectedServer } from "../../test/connected-server.ts";
import { setLocalDirectory } from "../local/local-path.ts";
import { environmentValues } from "./local-values.ts";
import { Secret } from "./secret.ts";

describe("a secret of this machine's values", () => {
  test("comes from a .env file of the app's directory or one above it, read when it is needed [B11]", async () => {
    await using directory = await temporaryDirectory();
    const app = join(directory.path, "app");
    await mkdir(app);
    setLocalDirectory(app);
    onTestFinished(() => setLocalDirectory(undefined));
    const secret = Secret.fromDotenv();
    expect(() => secret.values).toThrow(expect.objectContaining({ code: "LOCAL_FILE_MISSING" }));
    await writeFile(join(directory.path, ".env"), `# tokens\nexport A=1\nB="two words"\nC='#'\nD=\n`);
    expect(secret.values).toEqual({ A: "1", B: "two words", C: "#", D: "" });
    await writeFile(join(app, ".env"), "A=2");
    expect(secret.values).toEqual({ A: "2" });
    expect(Secret.fromDotenv("../.env").values).toMatchObject({ A: "1" });
    await writeFile(join(app, "bad.env"), "a.b=1");
    expect(() => Secret.fromDotenv("bad.env").values).toThrow(
      expect.objectContaining({
        code: "SECRET_KEY_INVALID",
        message: `"a.b" in ${JSON.stringify(join(app, "bad.env"))} cannot be the name of an environment variable.`,
      }),
    );
    await mkdir(join(app, "folder.env"));
    expect(() => Secret.fromDotenv("folder.env").values).toThrow(
      expect.objectContaining({ code: "LOCAL_FILE_INVALID" }),
    );
  });

  test("comes from the environment of the program; what is not set there is told, all of it", () => {
    expect(environmentValues(["A", "B"], { A: "1", B: "", C: "3" })).toEqual({ A: "1", B: "" });
    const missing = "DORIAN_TEST_NOT_SET";
    const secret = Secret.fromLocalEnvironment([missing, `${missing}_EITHER`]);
    expect(() => secret.values).toThrow(
      `Environment variables that a secret is made of are not set: ${missing}, ${missing}_EITHER.`,
    );
  });

  test("is not shown by what prints it", () => {
    const secret = Secret.fromObject({ TOKEN: "hidden-value" });
    expect(inspect(secret) + JSON.stringify(secret)).not.toContain("hidden-value");
    expect(() => Secret.fromObject({ TOKEN: undefined as unknown as string })).toThrow(
      expect.objectContaining({ code: "SECRET_VALUE_INVALID" }),
    );
  });
});

describe("a secret that the server keeps", () => {
  const server = connectedServer();

  test("is made, kept or replaced, listed without its values, and deleted", async () => {
    await Secret.create("hub", { TOKEN: "1" });
    await expect(Secret.create("hub", { TOKEN: "2" })).rejects.toMatchObject({ code: "SECRET_EXISTS" });
    await Secret.create("hub", { TOKEN: "2", REGION: "eu" }, { ifExists: "keep" });
    const keys = async (requiredKeys: string[]) =>
      await server.modal.secretGetOrCreate({ deploymentName: "hub", requiredKeys });
    await expect(keys(["REGION"])).rejects.toMatchObject({ code: "SECRET_KEY_MISSING" });
    await Secret.create("hub", { TOKEN: "2", REGION: "eu" }, { ifExists: "replace" });
    await keys(["TOKEN", "REGION"]);
    expect(await Secret.list()).toEqual([
      { name: "hub", createdAt: expect.any(Date), lastUsedAt: undefined },
    ]);
    await Secret.delete("hub");
    await expect(Secret.delete("hub")).rejects.toMatchObject({ code: "SECRET_NOT_FOUND" });
    await Secret.delete("hub", { allowMissing: true });
    await expect(Secret.create("hub", { "a-b": "1" })).rejects.toMatchObject({ code: "SECRET_KEY_INVALID" });
  });
});
