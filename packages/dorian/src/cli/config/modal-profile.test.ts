import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { withProfile, writeProfile } from "./modal-profile.ts";

const credentials = { url: "http://box:7070", tokenId: "ak-1", tokenSecret: "as-1" };
const section = `[dorian]
server_url = "http://box:7070"
token_id = "ak-1"
token_secret = "as-1"
active = true
`;

test("a profile is added as the active one, and the others stay as they are but for that", () => {
  const before = `# mine\n[work]\ntoken_id = "ak-w" # keep\nactive = true\n\n["a b"]\nenvironment = "dev"\n`;
  expect(withProfile(before, "dorian", credentials)).toBe(
    `# mine\n\n[work]\ntoken_id = "ak-w" # keep\n\n["a b"]\nenvironment = "dev"\n\n${section}`,
  );
  expect(withProfile("", "dorian", credentials)).toBe(section);
});

test("a profile of the same name is replaced, also when its name stands in quotes", () => {
  const once = withProfile(`["a b"]\ntoken_id = "ak-old"\n`, "a b", credentials);
  expect(once).toBe(section.replace("dorian", '"a b"'));
  expect(withProfile(once, "a b", credentials)).toBe(once);
});

test("the file is for its owner alone and complete or not there at all", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dorian-profile-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "modal.toml");
  await writeProfile(path, "dorian", credentials);
  expect(await readFile(path, "utf8")).toBe(section);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await writeFile(path, "[other]\n", { mode: 0o644 });
  await writeProfile(path, "dorian", credentials);
  expect(await readFile(path, "utf8")).toBe(`[other]\n\n${section}`);
  await expect(writeProfile(directory, "dorian", credentials)).rejects.toMatchObject({ code: "EISDIR" });
});
