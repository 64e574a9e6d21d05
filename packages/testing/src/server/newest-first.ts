import type { NamedObject } from "./named-objects.ts";

interface Question {
  environmentName: string;
  pagination?: { maxObjects: number; createdBefore: number } | undefined;
}

/** One page of the named objects of an environment, as lists of them show it. */
export function newestFirst<T>(
  objects: readonly NamedObject<T>[],
  { environmentName, pagination }: Question,
): { environmentName: string; page: NamedObject<T>[] } {
  const environment = environmentName || "main";
  const beforeMs = pagination?.createdBefore ? pagination.createdBefore * 1000 : Infinity;
  const page = objects
    .filter((object) => object.name !== "" && object.environment === environment)
    .filter(({ createdAtMs }) => createdAtMs < beforeMs)
    .toReversed();
  return { environmentName: environment, page: page.slice(0, pagination?.maxObjects || undefined) };
}
