import { create, toBinary } from "@bufbuild/protobuf";
import {
  DataFormat,
  GeneratorDoneSchema,
  GenericResult_GenericStatus as Status,
} from "@dorian/protocol/modal";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { dispatchFixture } from "../../../test/dispatch-fixture.ts";
import { outputOf, spawn } from "../../../test/scripted-caller.ts";
import type { ScriptedContainer, Script } from "../../../test/scripted-container.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

/** A container that stands in the middle of a generator until `done` is resolved. */
function generator() {
  const done = Promise.withResolvers<number>();
  const begun = Promise.withResolvers<{ container: ScriptedContainer; callId: string }>();
  const script: Script = {
    async handle(_args, { functionCallId, inputId, retryCount }, container) {
      begun.resolve({ container, callId: functionCallId });
      const itemsTotal = BigInt(await done.promise);
      const value = toBinary(GeneratorDoneSchema, create(GeneratorDoneSchema, { itemsTotal }));
      const result = { status: Status.SUCCESS, dataOneof: { case: "data" as const, value } };
      const output = { inputId, result, dataFormat: DataFormat.GENERATOR_DONE, retryCount };
      await container.modal.functionPutOutputs({ outputs: [output] });
    },
  };
  const put = async (...indexes: number[]) => {
    const { container, callId } = await begun.promise;
    await container.modal.functionCallPutDataOut({
      callInfoOneof: { case: "functionCallId", value: callId },
      dataChunks: indexes.map((index) => ({
        index: BigInt(index),
        dataOneof: { case: "data", value: new Uint8Array([index]) },
      })),
    });
  };
  return { script, put, done };
}

test("a value that does not follow the one before it is refused; one that was sent twice counts once [L9]", async () => {
  await using server = await openServer();
  const { script, put, done } = generator();
  await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const call = await spawn(server.modal, fixture.catalog.add());
  await put(1, 2);
  await put(2, 3);
  await expect(put(5)).rejects.toMatchObject({ code: "VALUES_MISSING" });
  await expect(put(4, 6)).rejects.toMatchObject({ code: "VALUES_MISSING" });
  await expect(put(0)).rejects.toMatchObject({ code: "VALUES_MISSING" });
  await put(4);
  done.resolve(4);
  expect((await outputOf(server.modal, call)).result?.status).toBe(Status.SUCCESS);
  const rows = await server.db.selectFrom("data_chunk").select("chunk_index").execute();
  expect(rows.map((row) => row.chunk_index)).toEqual([1, 2, 3, 4]);
  expect(worker.containers).toHaveLength(1);
});

test("a generator that says it gave more values than arrived has failed [L9]", async () => {
  await using server = await openServer();
  const { script, put, done } = generator();
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const call = await spawn(server.modal, fixture.catalog.add());
  await put(1);
  done.resolve(2);
  const { result } = await outputOf(server.modal, call);
  expect(result).toMatchObject({
    status: Status.FAILURE,
    exception: "The generator gave 2 values, of which 1 arrived.",
  });
});

test("values that the disk refused are not called saved when they are sent again, until they are [L9]", async () => {
  await using server = await openServer();
  const { script, put, done } = generator();
  await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
  const call = await spawn(server.modal, fixture.catalog.add());
  await put(1);
  await sql.raw("alter table data_chunk rename to hidden").execute(server.db);
  await expect(put(2)).rejects.toThrow("no such table");
  await expect(put(2)).rejects.toThrow("no such table");
  await sql.raw("alter table hidden rename to data_chunk").execute(server.db);
  await put(2);
  const rows = await server.db.selectFrom("data_chunk").select("chunk_index").execute();
  expect(rows).toHaveLength(2);
  done.resolve(2);
  expect((await outputOf(server.modal, call)).result?.status).toBe(Status.SUCCESS);
});
