import type { ListPagination } from "@dorian/protocol/modal";
import type { Environments } from "../../access/environment/environments.ts";

/** One page of what has a name in an environment, newest first. @throws AppError ENVIRONMENT_NOT_FOUND */
export function newestFirst<O extends { scope: string; name: string | undefined; createdAtMs: number }>(
  objects: Iterable<O>,
  environments: Environments,
  request: { environmentName: string; pagination?: ListPagination | undefined },
) {
  const { name: environmentName, scope } = environments.require(request.environmentName);
  const before = request.pagination?.createdBefore || Number.POSITIVE_INFINITY;
  const max = request.pagination?.maxObjects || Number.POSITIVE_INFINITY;
  const page = [...objects]
    .filter((object): object is O & { name: string } => object.name !== undefined)
    .filter((object) => object.scope === scope && object.createdAtMs / 1000 < before)
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
    .slice(0, max);
  return { environmentName, page };
}
