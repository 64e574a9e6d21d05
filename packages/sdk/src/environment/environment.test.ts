import { expect, test } from "vitest";
import { connectedServer } from "../../test/connected-server.ts";
import { Environment } from "./environment.ts";

connectedServer();

test("environments are made, listed, renamed and deleted", async () => {
  await Environment.create("staging");
  await expect(Environment.create("staging")).rejects.toMatchObject({ code: "ENVIRONMENT_EXISTS" });
  await Environment.create("staging", { allowExisting: true });
  await Environment.rename("staging", "rehearsal");
  const listed = await Environment.list();
  expect(listed.map(({ name, isDefault }) => [name, isDefault]).toSorted()).toEqual([
    ["main", true],
    ["rehearsal", false],
  ]);
  expect(listed[0]?.createdAt).toBeInstanceOf(Date);
  await Environment.delete("rehearsal");
  await expect(Environment.delete("rehearsal")).rejects.toMatchObject({ code: "ENVIRONMENT_NOT_FOUND" });
  await Environment.delete("rehearsal", { allowMissing: true });
  await expect(Environment.create("a b")).rejects.toMatchObject({ code: "NAME_INVALID" });
});
