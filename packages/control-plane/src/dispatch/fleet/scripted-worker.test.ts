import { expect, test } from "vitest";
import { dispatchFixture } from "../../../test/dispatch-fixture.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();

test("a worker that cannot join says why: a server that serves no workers, and one that refuses it", async () => {
  const server = await fixture.openServer();
  await expect(new ScriptedWorker({ ...server.dispatch, worker: [] }).join()).rejects.toThrow("Join");
  await server.crash();
  await using other = await fixture.openServer({ dataDirectoryId: "dd-2" });
  await expect(new ScriptedWorker(other.dispatch).join()).rejects.toMatchObject({
    code: "WORKER_DATA_DIRECTORY_DIFFERS",
  });
});
