/**
 * Has what is written to stdout and stderr taken at once, as print does in other languages. Node writes to pipes in the background,
 * and what had not been taken when the process ends, however it does, would be lost: the last words, of all. The streams
 * are made at their first use, which is when this happens.
 */
export function writeWholeOutput(): void {
  for (const name of ["stdout", "stderr"] as const) {
    const property = Object.getOwnPropertyDescriptor(process, name);
    if (!property?.get) continue;
    Object.defineProperty(process, name, {
      ...property,
      get() {
        Object.defineProperty(process, name, property);
        const stream = process[name] as (typeof process)[typeof name] & { _handle?: BlockingHandle };
        stream._handle?.setBlocking?.(true);
        return stream;
      },
    });
  }
}

interface BlockingHandle {
  setBlocking?(blocking: boolean): void;
}
