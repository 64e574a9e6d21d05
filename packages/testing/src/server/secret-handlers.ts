import { AppError } from "@dorian/base/app-error";
import { ObjectCreationType, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { NamedObjects } from "./named-objects.ts";
import { newestFirst } from "./newest-first.ts";

type Values = Record<string, string>;

/** Secrets: those that the test gives by name, and those of values in the app's code. */
export class Secrets {
  #secrets: NamedObjects<Values>;

  constructor(options: { given: Record<string, Values>; nowMs: () => number }) {
    const { given, nowMs } = options;
    this.#secrets = new NamedObjects<Values>({ noun: "secret", prefix: "st", make: () => ({}), nowMs });
    for (const [name, values] of Object.entries(given)) this.#secrets.add(name, "main", values);
  }

  /** The variables that these secrets hold together; later ones win. */
  valuesOf(secretIds: readonly string[]): Values {
    return Object.assign({}, ...secretIds.map((id) => this.#secrets.require(id).value)) as Values;
  }

  get handlers() {
    return {
      secretGetOrCreate: async (request) => {
        const { deploymentName: name, environmentName, objectCreationType: type } = request;
        const known = name === "" ? undefined : this.#secrets.named(name, environmentName || "main");
        if (type === ObjectCreationType.UNSPECIFIED) {
          if (!known) throw notFound(name);
          const missing = request.requiredKeys.filter((key) => !(key in known.value));
          if (missing.length > 0) throw keysMissing(name, missing);
        }
        const found = known ?? this.#secrets.getOrCreate(request);
        if (type !== ObjectCreationType.UNSPECIFIED) Object.assign(found.value, request.envDict);
        return { secretId: found.objectId, metadata: { name } };
      },
      secretDelete: async ({ secretId }) => {
        this.#secrets.delete(secretId);
        return {};
      },
      secretList: async (request) => {
        const { environmentName, page } = newestFirst(this.#secrets.all, request);
        const items = page.map(({ objectId, name, createdAtMs }) => ({
          label: name,
          secretId: objectId,
          createdAt: createdAtMs / 1000,
          metadata: { name },
        }));
        return { environmentName, items };
      },
    } satisfies ServiceHandlers<typeof ModalClient>;
  }
}

function notFound(name: string): AppError {
  return new AppError("SECRET_NOT_FOUND", `There is no secret "${name}" in this run.`, {
    status: "NOT_FOUND",
    remedy: `Give it: runInProcess(app, { secrets: { "${name}": { KEY: "value" } } }).`,
  });
}

function keysMissing(name: string, keys: readonly string[]): AppError {
  return new AppError("SECRET_KEY_MISSING", `Secret "${name}" lacks: ${keys.join(", ")}.`, {
    status: "FAILED_PRECONDITION",
    remedy: "Give runInProcess a secret with these keys.",
  });
}
