/** How an instance that is a standard disposable is let go of, behind its exit hooks; nothing where it is none. */
export function disposalOf(instance: object): (() => unknown)[] {
  const { [Symbol.asyncDispose]: later, [Symbol.dispose]: atOnce } = instance as Partial<
    AsyncDisposable & Disposable
  >;
  const dispose = later ?? atOnce;
  return dispose ? [() => dispose.call(instance as AsyncDisposable & Disposable)] : [];
}
