import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { ObjectCreationType } from "@dorian/protocol/modal";
import type { CallContext } from "@dorian/protocol/service";
import type { Transaction } from "kysely";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency, OnceOptions } from "../../database/idempotency.ts";
import type { Tables } from "../../schema/tables.ts";
import { checkObjectName } from "../../access/object-name.ts";
import type { ObjectReference } from "../../access/not-found-words.ts";

/** What a call says about the object it wants. */
export interface ObjectWanted {
  scope: string;
  name: string;
  type: ObjectCreationType;
  /** The app that an object without a name belongs to; empty for none. */
  appId: string;
}

/** How objects of one kind are found and made; `T` is what its objects have beside a name and an owner. */
export interface ObjectKind<O, T = unknown> {
  /** "a dict" */
  noun: string;
  named(scope: string, name: string): O | undefined;
  find(trx: Transaction<Tables>, scope: string, name: string): Promise<O | undefined>;
  insert(
    trx: Transaction<Tables>,
    options: T & {
      scope: string;
      name: string | undefined;
      appId: string | undefined;
      createdBy: string;
    },
  ): Promise<{ object: O; committed: () => void }>;
  notFound(reference: ObjectReference): AppError;
  exists(name: string): AppError;
}

const anonymousTypes: readonly ObjectCreationType[] = [
  ObjectCreationType.EPHEMERAL,
  ObjectCreationType.ANONYMOUS_OWNED_BY_APP,
];

export interface CreatingOptions<O, T> {
  kind: ObjectKind<O, T>;
  traits: T;
  apps: AppRegistry;
  idempotency: Idempotency;
  /** Puts into a new object what it begins with. */
  fill?: (trx: Transaction<Tables>, object: O) => Promise<void>;
}

/** Looks an object up or makes it, as the creation type says; once for each logical call. */
export async function getOrCreateObject<O, T, M extends DescMessage>(
  options: CreatingOptions<O, T>,
  context: CallContext,
  once: OnceOptions<M>,
  wanted: ObjectWanted,
  respond: (object: O) => MessageInitShape<M>,
): Promise<MessageInitShape<M> | MessageShape<M>> {
  const { kind, apps, idempotency } = options;
  const { scope, name, type, appId } = wanted;
  const isAnonymous = anonymousTypes.includes(type);
  if (type === ObjectCreationType.CREATE_OVERWRITE_IF_EXISTS) {
    throw new AppError("OBJECT_NOT_OVERWRITABLE", `${kind.noun} is not overwritten as a whole.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Delete it first, or choose another name.",
    });
  }
  if (isAnonymous && appId !== "") apps.requireOpen(appId);
  const known = isAnonymous ? undefined : kind.named(scope, name);
  if (known && type !== ObjectCreationType.CREATE_FAIL_IF_EXISTS) return respond(known);
  if (type === ObjectCreationType.UNSPECIFIED) throw kind.notFound({ name });
  if (!isAnonymous) checkObjectName(kind.noun, name);
  return await idempotency.once(context, once, async (trx) => {
    const existing = isAnonymous ? undefined : await kind.find(trx, scope, name);
    if (existing && type === ObjectCreationType.CREATE_FAIL_IF_EXISTS) throw kind.exists(name);
    if (existing) return { response: respond(existing) };
    const { object, committed } = await kind.insert(trx, {
      ...options.traits,
      scope,
      name: isAnonymous ? undefined : name,
      appId: appId === "" ? undefined : appId,
      createdBy: authorOf(context),
    });
    await options.fill?.(trx, object);
    return { response: respond(object), committed };
  });
}

/** How objects and their versions name who made them. */
export function authorOf(context: CallContext): string {
  return context.identity.kind === "task" ? context.identity.taskId : "client";
}
