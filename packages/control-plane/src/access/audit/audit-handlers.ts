import type { ModalClient } from "@dorian/protocol/modal";
import type { Identity, ServiceHandlers } from "@dorian/protocol/service";
import type { Selectable } from "kysely";
import type { Environments } from "../environment/environments.ts";
import type { AuditLog, AuditSelection } from "./audit-log.ts";
import { parseAuditQuery } from "./audit-query.ts";
import type { AuditEntryRow } from "../../schema/rows/audit.ts";

/** How clients are to read long logs: few questions at once, of moderate answers. */
const settings = {
  bucketSize: 1_000,
  pageSize: 500,
  maxConcurrentRequests: 2,
  maxBufferedBuckets: 4,
  requestTimeoutSecs: 30,
  planTimeoutSecs: 30,
};

/** The audit log as clients read it. A token that reaches one environment is told what happened there. */
export function auditHandlers(options: { log: AuditLog; environments: Environments; workspaceId: string }) {
  const { log, environments, workspaceId } = options;

  const selectionOf = (
    request: { q: string; oldestMs: bigint; newestMs: bigint },
    identity: Identity,
  ): AuditSelection => ({
    ...parseAuditQuery(request.q),
    oldestMs: Number(request.oldestMs),
    newestMs: request.newestMs > 0n ? Number(request.newestMs) : Number.MAX_SAFE_INTEGER,
    scope: identity.kind === "client" ? identity.environment : undefined,
  });

  const wireEntry = (row: Selectable<AuditEntryRow>) => {
    const targets = JSON.parse(row.targets) as string[];
    const environment = environments.all().find(({ scope }) => scope === row.environment);
    return {
      id: String(row.entry_id),
      actor: { type: row.actor_kind, id: row.actor_id, name: row.actor_name },
      action: row.action,
      targets: targets.map((id) => ({ type: typeOf(id), id })),
      context: {
        workspaceId,
        environmentId: environment?.environmentId ?? "",
        environmentName: row.environment === null ? "" : environments.nameOf(row.environment),
        source: row.client,
        ipAddress: row.address,
      },
      eventAt: new Date(row.at).toISOString(),
      status: row.status,
      metadataJson: JSON.stringify(row.error === "" ? {} : { error: row.error }),
    };
  };

  const cursorOf = ({ entry_id, at }: { entry_id: number; at: number }) => ({
    eventAtDesc: BigInt(at),
    id: String(entry_id),
  });

  return {
    async auditLogSettingsGet() {
      return settings;
    },

    async auditLogCount(request, { identity }) {
      return { count: BigInt(await log.count(selectionOf(request, identity))) };
    },

    async auditLogList(request, { identity }) {
      const limit = Math.min(request.limit || settings.pageSize, settings.pageSize);
      // One more tells whether there are others.
      const rows = await log.list(selectionOf(request, identity), {
        before: entryIdOf(request.newestCursor),
        from: entryIdOf(request.oldestCursor),
        limit: limit + 1,
      });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(wireEntry),
        ...(last && rows.length > limit ? { nextCursor: cursorOf(last) } : {}),
      };
    },

    async auditLogPlan(request, { identity }) {
      const size = Math.max(request.bucketSize, 100);
      const ids = await log.ids(selectionOf(request, identity));
      // The last entry of every bucket that is followed by another.
      return {
        cursors: ids.filter((_, index) => (index + 1) % size === 0 && index + 1 < ids.length).map(cursorOf),
      };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function entryIdOf(cursor: { id: string } | undefined): number | undefined {
  const id = Number(cursor?.id);
  return cursor && Number.isSafeInteger(id) ? id : undefined;
}

const types: Record<string, string> = {
  ak: "token",
  ap: "app",
  di: "dict",
  en: "environment",
  fu: "function",
  im: "image",
  qu: "queue",
  sb: "sandbox",
  st: "secret",
  ta: "container",
  vo: "volume",
  wk: "proxy-token",
};

function typeOf(target: string): string {
  const [, kind = ""] = /^([a-z]{2})-\S{20,}$/.exec(target) ?? [];
  return types[kind] ?? "name";
}
