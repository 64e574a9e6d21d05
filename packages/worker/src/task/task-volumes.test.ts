import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { create } from "@bufbuild/protobuf";
import { TaskVolumeSchema } from "@dorian/protocol/worker";
import { expect, test } from "vitest";
import type { Container } from "../container/runtime.ts";
import { machine, signal } from "../../test/test-volumes.ts";
import { TaskVolumes } from "./task-volumes.ts";

async function taskVolumes(
  host: Awaited<ReturnType<typeof machine>>,
  options: { backgroundCommits: boolean },
) {
  const notes: string[] = [];
  const volumes = await TaskVolumes.mount({
    taskId: "ta-1",
    volumes: [
      create(TaskVolumeSchema, {
        volumeId: "vo-1",
        mountPath: "/vol",
        head: { version: 0n, layerIds: [] },
        ...options,
      }),
    ],
    official: false,
    layers: host.layers,
    heads: host.heads,
    userNamespace: undefined,
    covered: new Map(),
    directory: host.run,
    scratch: join(host.root, "scratch", "task"),
    note: (text) => notes.push(text),
  });
  return { volumes: host.use(volumes), path: join(host.run, "0"), notes };
}

const nobody = async () => undefined;

test("an answer waits for what was written, also when the container's start has not returned yet [L2]", async () => {
  const host = await machine();
  const { volumes, path } = await taskVolumes(host, { backgroundCommits: true });
  expect(volumes.commitWritten(nobody, signal)).toBeUndefined();
  await writeFile(join(path, "weights"), "w");
  const known = Promise.withResolvers<Container | undefined>();
  let answered = false;
  const waiting = volumes.commitWritten(() => known.promise, signal)?.then(() => (answered = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(answered).toBe(false);
  expect(host.heads.versions).toHaveLength(1);
  known.resolve(undefined);
  await waiting;
  expect(await readdir((await host.mount()).target)).toEqual(["weights"]);
  expect(volumes.commitWritten(nobody, signal)).toBeUndefined();
});

test("an answer waits while a commit fails for a reason that passes, and the reason is noted once [L1, L2]", async () => {
  const host = await machine();
  const { volumes, path, notes } = await taskVolumes(host, { backgroundCommits: true });
  await writeFile(join(path, "weights"), "w");
  let failures = 0;
  host.heads.whenAppending = async () => {
    failures += 1;
    host.heads.fail = failures < 4;
  };
  await volumes.commitWritten(nobody, signal);
  expect(failures).toBe(4);
  expect(notes).toEqual(["Commit of volume vo-1 failed: No server. It is tried again."]);
  expect(await readdir((await host.mount()).target)).toEqual(["weights"]);
});

test("an answer is refused at once for what cannot be committed as it is, and what was written stays for the next commit [L2]", async () => {
  const host = await machine();
  const { volumes, path } = await taskVolumes(host, { backgroundCommits: true });
  await writeFile(join(path, "weights"), "w");
  const refuse = () => Promise.reject(new AppError("LAYER_REFUSED", "Not this.", { remedy: "Write less." }));
  host.heads.whenAppending = refuse;
  await expect(volumes.commitWritten(nobody, signal)).rejects.toMatchObject({
    code: "VOLUME_NOT_COMMITTED",
    message: "What this call wrote to the volume at /vol could not be committed: Not this.",
    remedy: "Write less.",
  });
  host.heads.whenAppending = async () => {};
  await volumes.commitWritten(nobody, signal);
  expect(await readdir((await host.mount()).target)).toEqual(["weights"]);
});

test("a call that goes away while its commit is tried again ends the tries", async () => {
  const host = await machine();
  const { volumes, path } = await taskVolumes(host, { backgroundCommits: true });
  await writeFile(join(path, "weights"), "w");
  host.heads.fail = true;
  const call = new AbortController();
  const waiting = volumes.commitWritten(nobody, call.signal);
  call.abort(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
});

test("where commits in the background are switched off, an answer commits nothing", async () => {
  const host = await machine();
  const { volumes, path } = await taskVolumes(host, { backgroundCommits: false });
  await writeFile(join(path, "weights"), "w");
  expect(volumes.commitWritten(nobody, signal)).toBeUndefined();
});
