const pageSize = 100;

/** Asks for all of a list that the server gives a page at a time, newest first. */
export async function allPages<Item extends { createdAt: number }>(
  pageOf: (pagination: { maxObjects: number; createdBefore: number }) => Promise<Item[]>,
): Promise<Item[]> {
  const items: Item[] = [];
  // Before the end of time: from the newest on.
  let createdBefore = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = await pageOf({ maxObjects: pageSize, createdBefore });
    items.push(...page);
    createdBefore = page.at(-1)?.createdAt ?? createdBefore;
    if (page.length < pageSize) return items;
  }
}
