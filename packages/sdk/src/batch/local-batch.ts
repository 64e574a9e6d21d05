/** Runs what takes batches on a batch of one, here in this process. */
export async function localBatch(
  run: (...lists: unknown[]) => unknown,
  args: readonly unknown[],
): Promise<unknown> {
  const [result] = (await run(...args.map((value) => [value]))) as readonly unknown[];
  if (result instanceof Error) throw result;
  return result;
}
