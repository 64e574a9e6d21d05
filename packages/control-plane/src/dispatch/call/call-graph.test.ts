import { expect, test } from "vitest";
import { dispatchFixture } from "../../../test/dispatch-fixture.ts";
import type { Database } from "../../database/database.ts";
import { callGraph, type CallGraph } from "./call-graph.ts";

const fixture = dispatchFixture();

/** Calls on disk, each with one input or none, made during the input of another. */
async function keep(db: Database, calls: readonly { name: string; parent: string; hasInput: boolean }[]) {
  for (let from = 0; from < calls.length; from += 1_000) {
    const some = calls.slice(from, from + 1_000);
    const heads = some.map(({ name, parent }) => ({
      call_id: `fc-${name}`,
      function_id: "fu-1",
      app_id: "ap-1",
      call_type: 1,
      invocation_type: 1,
      parent_input_id: parent === "" ? "" : `in-${parent}`,
      created_at: 1,
    }));
    await db.insertInto("function_call").values(heads).execute();
    const inputs = some.flatMap(({ name, hasInput }) => (hasInput ? [inputRow(name)] : []));
    if (inputs.length > 0) await db.insertInto("call_input").values(inputs).execute();
  }
}

function inputRow(name: string) {
  const output = { output_format: 0, output_task_id: "", output_started_at: 0, output_created_at: 0 };
  const counts = {
    idx: 0,
    deaths: 0,
    suspect: 0,
    attempt: 0,
    user_retries: 0,
    deliveries: 0,
    created_at: 1,
    finished_at: 1,
  };
  const request = new Uint8Array();
  return {
    input_id: `in-${name}`,
    call_id: `fc-${name}`,
    state: "finished",
    method: "",
    request,
    ...counts,
    ...output,
  };
}

/** The graph, and how often others had their turn while it was put together. */
async function graphOf(db: Database, name: string): Promise<{ graph: CallGraph; turns: number }> {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const head = await db
    .selectFrom("function_call")
    .selectAll()
    .where("call_id", "=", `fc-${name}`)
    .executeTakeFirstOrThrow();
  const facts = { callId: head.call_id, functionId: "fu-1", parentInputId: head.parent_input_id };
  const graph = await callGraph(db, { facts } as Parameters<typeof callGraph>[1], {
    maxInputs: 1_000,
    openInput: () => undefined,
    known: () => undefined,
  });
  isOver = true;
  return { graph, turns };
}

test("the graph of a call that made very many, or comes from very many, is cut and holds up nobody [B11]", async () => {
  await using server = await fixture.openServer();
  const { db } = server;
  const names = Array.from({ length: 5_000 }, (_, n) => String(n));
  await keep(db, [
    { name: "root", parent: "", hasInput: true },
    ...names.map((name) => ({ name: `empty-${name}`, parent: "root", hasInput: false })),
    ...names.map((name, n) => ({
      name: `link-${name}`,
      parent: n === 0 ? "" : `link-${n - 1}`,
      hasInput: true,
    })),
  ]);
  const wide = await graphOf(db, "root");
  expect(wide.graph).toMatchObject({ truncated: true, inputs: [{ inputId: "in-root" }] });
  expect(wide.graph.calls).toHaveLength(1_000);
  expect(wide.turns).toBeGreaterThan(5);

  const long = await graphOf(db, "link-4999");
  expect(long.graph.truncated).toBe(true);
  expect(long.graph.calls).toHaveLength(1_000);
  expect(long.turns).toBeGreaterThan(15);

  const short = await graphOf(db, "link-900");
  expect(short.graph.calls[0]).toMatchObject({ callId: "fc-link-0" });
});
