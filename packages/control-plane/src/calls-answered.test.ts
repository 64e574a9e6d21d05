import { ModalClient } from "@dorian/protocol/modal";
import { methodEntries } from "@dorian/protocol/service";
import { unservedCall, unservedCalls } from "@dorian/protocol/error/unserved-calls";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../test/catalog-server.ts";

test("every call of the contract is either served or says what to use instead, and none both", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const handlers = server.plane.modal as Record<string, unknown>;
  const methods = methodEntries(ModalClient);
  const silent = methods
    .filter(([name, method]) => handlers[name] === undefined && !unservedCall(method.name))
    .map(([, method]) => method.name);
  expect(silent).toEqual([]);
  const both = methods
    .filter(([name, method]) => handlers[name] !== undefined && unservedCall(method.name))
    .map(([, method]) => method.name);
  expect(both).toEqual([]);
});

test("an answer to a call that is not served names the call and something to do", () => {
  for (const call of unservedCalls()) {
    const refusal = unservedCall(call);
    expect(refusal).toMatchObject({ code: "CALL_NOT_SERVED" });
    // Whoever looks something up by its name is told that it is not there.
    expect(refusal?.status).toBe(
      /GetFromName|GetByName|^ProxyGet$|^PersistentSandboxGet$/.test(call) ? "NOT_FOUND" : "UNIMPLEMENTED",
    );
    expect(refusal?.message).toContain(call);
    expect(refusal?.remedy).toMatch(/^[A-Z`].{10,}\.$/);
  }
});
