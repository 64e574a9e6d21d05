import type { ListPagination } from "@dorian/protocol/modal";

/** One page of what has a name in an environment, newest first. */
export function newestFirst<O extends { environment: string; name: string | undefined; createdAtMs: number }>(
  objects: Iterable<O>,
  environment: string,
  pagination: ListPagination | undefined,
) {
  const before = pagination?.createdBefore || Number.POSITIVE_INFINITY;
  const max = pagination?.maxObjects || Number.POSITIVE_INFINITY;
  return [...objects]
    .filter((object): object is O & { name: string } => object.name !== undefined)
    .filter((object) => object.environment === environment && object.createdAtMs / 1000 < before)
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
    .slice(0, max);
}
