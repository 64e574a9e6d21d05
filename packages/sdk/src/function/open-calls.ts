/** A call that has begun and not ended, or a map that nobody has begun to read. */
interface OpenCall {
  name: string;
  form: "remote" | "spawn" | "map" | "starmap" | "forEach" | "spawnMap";
}

let watched: Set<OpenCall> | undefined;

/** Notes which calls this process has open, for as long as it is not disposed of. */
export function watchCalls(): Disposable & { readonly open: readonly OpenCall[] } {
  const calls = new Set<OpenCall>();
  watched = calls;
  return {
    get open() {
      return [...calls];
    },
    [Symbol.dispose]() {
      if (watched === calls) watched = undefined;
    },
  };
}

/** Notes a call; the function that comes back says that it has ended. Costs nothing where nobody watches. */
export function noteCall(name: string, form: OpenCall["form"]): () => void {
  const calls = watched;
  if (!calls) return nothing;
  const call = { name, form };
  calls.add(call);
  return () => void calls.delete(call);
}

function nothing(): void {}
