import { AppError } from "@dorian/base/app-error";
import type { CallListRequest, OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Database } from "../../database/database.ts";
import type { AppDirectory, FunctionCatalog } from "../ports.ts";
import { callInMemory, callsOnDisk, type ListingPlace, type SeenCall } from "./call-listing.ts";
import type { CallHead } from "./call-of-input.ts";
import { summaryOf } from "./call-summary.ts";
import type { Calls } from "./calls.ts";

const usualLimit = 100;
const mostListed = 1_000;
/** Calls that one request looks at: some hundred milliseconds' worth, with everybody else in between. */
const mostSeen = 5_000;

export function callListHandlers(options: {
  calls: Calls;
  catalog: FunctionCatalog;
  apps: AppDirectory;
  db: Database;
}): Pick<ServiceHandlers<typeof OperatorService>, "callList"> {
  const { calls, apps, db } = options;
  return {
    async callList(request) {
      const { status, environmentName, functionId } = request;
      const limit = Math.min(request.limit || usualLimit, mostListed);
      const before = placeOf(request);
      const since = request.since * 1000;
      const functionIds = functionId === "" ? undefined : [functionId, ...apps.familyOf(functionId)];
      const wants = (call: CallHead) =>
        call.createdAtMs >= since &&
        (request.appId === "" || call.appId === request.appId) &&
        (!functionIds || functionIds.includes(call.functionId)) &&
        (environmentName === "" || apps.lookupApp(call.appId)?.environment === environmentName);
      const listed: ReturnType<typeof summaryOf>[] = [];
      const list = (call: SeenCall) => {
        const summary = summaryOf(call, options);
        if (status === "" || summary.status === status) listed.push(summary);
      };
      // Of some nothing is on disk: their callers are connected, or they are on their way there.
      if (!before) for (const call of unsaved(calls)) if (wants(call) && listed.length < limit) list(call);
      let seen = 0;
      const known = (callId: string) => calls.inMemory(callId);
      for await (const { place, call } of callsOnDisk(db, { since, before, wants, known })) {
        if (call) list(call);
        if (++seen >= mostSeen || listed.length >= limit) return { calls: listed, cursor: cursorOf(place) };
      }
      return { calls: listed };
    },
  };
}

function unsaved(calls: Calls): SeenCall[] {
  return [...calls.unsaved()].map(callInMemory).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
}

function cursorOf({ createdAtMs, callId }: ListingPlace): string {
  return `${createdAtMs}:${callId}`;
}

function placeOf({ cursor }: CallListRequest): ListingPlace | undefined {
  if (cursor === "") return undefined;
  const [, createdAt = "", callId = ""] = /^(\d{1,15}):(fc-\w+)$/.exec(cursor) ?? [];
  if (callId !== "") return { createdAtMs: Number(createdAt), callId };
  throw new AppError(
    "CALL_LIST_CURSOR_INVALID",
    `"${cursor.slice(0, 100)}" is no place in a list of calls.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Send the cursor of the answer before, or none to begin anew.",
    },
  );
}
