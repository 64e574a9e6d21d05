import { wallClockMs } from "@dorian/base/wall-clock";

const pageSize = 100;

/** All of a list that the server gives a page at a time, newest first. */
export async function allPages<Item extends { createdAt: number }>(
  pageOf: (pagination: { maxObjects: number; createdBefore: number }) => Promise<Item[]>,
): Promise<Item[]> {
  const items: Item[] = [];
  let createdBefore = wallClockMs() / 1000 + 1;
  for (;;) {
    const page = await pageOf({ maxObjects: pageSize, createdBefore });
    items.push(...page);
    createdBefore = page.at(-1)?.createdAt ?? createdBefore;
    if (page.length < pageSize) return items;
  }
}
