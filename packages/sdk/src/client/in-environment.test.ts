import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { expect, test } from "vitest";
import { inEnvironment } from "./in-environment.ts";

test("requests that may name an environment name the chosen one, unless they name another", async () => {
  const asked: unknown[] = [];
  const note = async (request: unknown) => void asked.push(request);
  const modal = { volumeList: note, appStop: note } as unknown as ServiceClient<typeof ModalClient>;
  const client = inEnvironment(modal, "staging");
  await client.volumeList({});
  await client.volumeList({ environmentName: "main" });
  await client.appStop({ appId: "ap-1" });
  expect(asked).toEqual([{ environmentName: "staging" }, { environmentName: "main" }, { appId: "ap-1" }]);
});

test("without an environment the server chooses", () => {
  const modal = {} as ServiceClient<typeof ModalClient>;
  expect(inEnvironment(modal, undefined)).toBe(modal);
});
