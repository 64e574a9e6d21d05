import { AppError } from "@dorian/base/app-error";
import { expect, test } from "vitest";
import { contentFile } from "./local-files.ts";
import { makeMount } from "./make-mount.ts";

const manyFiles = Array.from({ length: 2_500 }, (_, index) =>
  contentFile(`/data/${index}`, Buffer.from(`${index}`)),
);

/** A server that has all files but those of `lacking`, and how often it was asked what. */
function serverWithout(lacking: Set<string>) {
  const calls: string[] = [];
  const modal = {
    async mountGetOrCreate() {
      calls.push("mount");
      if (lacking.size > 0) throw new AppError("MOUNT_CONTENT_MISSING", "missing", { remedy: "" });
      return { mountId: "mo-1" };
    },
    async mountBatchedCheckExistence({ sha256HexHashes }: { sha256HexHashes: string[] }) {
      calls.push(`exist ${sha256HexHashes.length}`);
      return { missingSha256HexHashes: sha256HexHashes.filter((sha) => lacking.has(sha)) };
    },
    async mountPutFile({ sha256Hex }: { sha256Hex: string }) {
      calls.push("put");
      lacking.delete(sha256Hex);
      return { exists: true };
    },
  };
  const session = { modal: modal as never, appId: "ap-1", onProgress: () => undefined };
  return { calls, session: { ...session, signal: new AbortController().signal } };
}

test("a tree of many files that the server has is one question [A25]", async () => {
  const { calls, session } = serverWithout(new Set());
  expect(await makeMount(session, manyFiles)).toBe("mo-1");
  expect(calls).toEqual(["mount"]);
});

test("where the server lacks something it is asked for a thousand files at a time, and sent that alone", async () => {
  const { calls, session } = serverWithout(new Set([manyFiles[7]?.sha256 ?? ""]));
  expect(await makeMount(session, manyFiles)).toBe("mo-1");
  expect(calls).toEqual(["mount", "exist 1000", "exist 1000", "exist 500", "put", "mount"]);
});

test("few files are asked for at once, and made a mount", async () => {
  const { calls, session } = serverWithout(new Set());
  await makeMount(session, manyFiles.slice(0, 3));
  expect(calls).toEqual(["exist 3", "mount"]);
});
