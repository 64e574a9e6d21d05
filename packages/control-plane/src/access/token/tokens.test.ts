import { createClient, Connection } from "@dorian/protocol/client/grpc-client";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { expect, onTestFinished, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../../../test/catalog-server.ts";
import { openClientFile } from "./client-file.ts";

/** Over a socket, as whoever has this token; as nobody without one. */
function callerOf(server: CatalogServer, token?: { tokenId: string; tokenSecret: string }) {
  const connection = new Connection({
    url: server.plane.url,
    metadata: token ? { "x-modal-token-id": token.tokenId, "x-modal-token-secret": token.tokenSecret } : {},
  });
  onTestFinished(() => connection[Symbol.dispose]());
  return {
    modal: createClient(ModalClient, connection),
    operator: createClient(OperatorService, connection),
  };
}

test("a token lets its holder in until it is revoked or expires, also after a restart", async () => {
  const directory = await temporaryDirectory();
  const clock = { ms: Date.now() };
  const nowMs = () => clock.ms;
  let laptop = { tokenId: "", tokenSecret: "" };
  let day = laptop;
  {
    await using server = await CatalogServer.open(directory, { nowMs });
    const { operator } = callerOf(server, await openClientFile(directory));
    const made = await operator.tokenCreate({ name: "laptop" });
    laptop = { tokenId: made.token?.tokenId ?? "", tokenSecret: made.tokenSecret };
    const other = await operator.tokenCreate({ name: "day", validSecs: 86_400 });
    day = { tokenId: other.token?.tokenId ?? "", tokenSecret: other.tokenSecret };
    await expect(operator.tokenCreate({ name: "day" })).rejects.toMatchObject({ code: "TOKEN_EXISTS" });
    await expect(operator.tokenCreate({ name: "operator" })).rejects.toMatchObject({ code: "TOKEN_EXISTS" });
  }
  await using server = await CatalogServer.open(directory, { nowMs });
  const { operator } = callerOf(server, await openClientFile(directory));
  const { modal } = callerOf(server, laptop);
  expect(await modal.tokenInfoGet({})).toMatchObject({ tokenId: laptop.tokenId, tokenName: "laptop" });
  const byDay = callerOf(server, day);
  await byDay.modal.appList({});
  // What it makes ends with it at the latest, whether that is asked for or not.
  const { token: child } = await byDay.operator.tokenCreate({ name: "of-day" });
  const { tokens } = await operator.tokenList({});
  expect(child?.expiresAt).toBe(tokens.find(({ name }) => name === "day")?.expiresAt);
  await expect(byDay.operator.tokenCreate({ name: "longer", validSecs: 86_401 })).rejects.toMatchObject({
    code: "TOKEN_WIDER",
  });
  clock.ms += 86_400_000;
  await expect(callerOf(server, day).modal.appList({})).rejects.toMatchObject({ status: "UNAUTHENTICATED" });
  expect((await operator.tokenList({})).tokens.map((each) => each.name)).toEqual(["operator", "laptop"]);
  // Its name is free again.
  await operator.tokenCreate({ name: "day" });

  await operator.tokenRevoke({ token: "laptop" });
  await expect(modal.appList({})).rejects.toMatchObject({ status: "UNAUTHENTICATED" });
  await expect(operator.tokenRevoke({ token: "laptop" })).rejects.toMatchObject({ status: "NOT_FOUND" });
  await expect(operator.tokenRevoke({ token: "operator" })).rejects.toMatchObject({ code: "TOKEN_IS_OWN" });
});

test("nobody gets a token that nobody approves, and whoever has none can ask for one only", async () => {
  const directory = await temporaryDirectory();
  await using server = await CatalogServer.open(directory);
  const nobody = callerOf(server).modal;
  const { operator } = callerOf(server, await openClientFile(directory));
  await expect(nobody.appList({})).rejects.toMatchObject({ code: "TOKEN_MISSING" });
  await nobody.clientHello({});

  const { tokenFlowId, waitSecret, webUrl, code } = await nobody.tokenFlowCreate({});
  const ask = async (timeout: number, secret = waitSecret) =>
    await nobody.tokenFlowWait({ tokenFlowId, waitSecret: secret, timeout });
  expect(await ask(0.1)).toMatchObject({ timeout: true, tokenId: "" });
  await expect(ask(0, "guess")).rejects.toMatchObject({ status: "NOT_FOUND" });
  const waiting = await fetch(webUrl);
  expect(waiting.headers.get("cache-control")).toBe("no-store");
  expect(await waiting.text()).toContain(`dorian token approve ${code}`);
  await expect(operator.tokenApprove({ code: "AAAA-AAAA" })).rejects.toMatchObject({ status: "NOT_FOUND" });

  const granted = ask(10);
  const approved = await operator.tokenApprove({
    code: code.toLowerCase().replace("-", " "),
    name: "browser",
  });
  expect(approved.token?.name).toBe("browser");
  const { tokenId, tokenSecret, workspaceUsername } = await granted;
  expect(workspaceUsername).not.toBe("");
  // A client that missed the answer asks again.
  expect((await ask(0)).tokenSecret).toBe(tokenSecret);
  expect(await (await fetch(webUrl)).text()).toContain("has its token");
  await callerOf(server, { tokenId, tokenSecret }).modal.appList({});
  await expect(operator.tokenApprove({ code })).rejects.toMatchObject({ status: "NOT_FOUND" });
  expect((await fetch(`${webUrl}x`)).status).toBe(404);
});

test("a request for a token ends after ten minutes, and there are not too many of them", async () => {
  const clock = { ms: 0 };
  const directory = await temporaryDirectory();
  await using server = await CatalogServer.open(directory, { elapsedMs: () => clock.ms });
  const nobody = callerOf(server).modal;
  const { operator } = callerOf(server, await openClientFile(directory));
  const { code } = await nobody.tokenFlowCreate({});
  for (let n = 1; n < 8; n++) await nobody.tokenFlowCreate({});
  await expect(nobody.tokenFlowCreate({})).rejects.toMatchObject({ code: "TOKEN_FLOWS_TOO_MANY" });
  clock.ms += 10 * 60_000;
  await expect(operator.tokenApprove({ code })).rejects.toMatchObject({ status: "NOT_FOUND" });
  await nobody.tokenFlowCreate({});
});
