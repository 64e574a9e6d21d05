/** What was made for a key, or is being made. After a failure the next who asks has it made again. */
export function onceUnlessFailed<K, T>(made: Map<K, Promise<T>>, key: K, make: () => Promise<T>): Promise<T> {
  let found = made.get(key);
  if (!found) {
    found = make();
    made.set(key, found);
    found.catch(() => made.delete(key));
  }
  return found;
}
