import { create } from "@bufbuild/protobuf";
import { AppState, FunctionSchema$, WebhookType } from "@dorian/protocol/modal";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../../../test/catalog-server.ts";
import { openDatabase } from "../../database/database.ts";
import type { App } from "../app/app.ts";
import type { FunctionRecord } from "../function/function-record.ts";
import { claimDomains } from "./claim-domains.ts";

test("a domain that tens of thousands of functions name can be claimed [B11]", async () => {
  const db = await openDatabase(join(await temporaryDirectory(), "state.db"));
  onTestFinished(() => db.destroy());
  const definition = create(FunctionSchema$, {
    functionName: "show",
    webhookConfig: { type: WebhookType.FUNCTION, customDomains: [{ name: "models.example.com" }] },
  });
  const definitions = new Map([["fu-mine", { definitionId: "de-1", definition }]]);
  const others = Array.from({ length: 40_000 }, (_, n) => ({ functionId: `fu-${n}` }) as FunctionRecord);
  const app = { appId: "ap-1", scope: "main", state: AppState.DEPLOYED } as App;
  const claimed = db
    .transaction()
    .execute((trx) => claimDomains(trx, app, { definitions }, { withDomain: () => others }));
  await expect(claimed).resolves.toBeUndefined();
});
