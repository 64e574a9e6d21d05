/** An object that is what `make` makes, which is called at the first look at it. */
export function standIn<T extends object>(make: () => T): T {
  const self: T = Object.create(
    new Proxy(
      {},
      {
        get: (_, name) => Reflect.get(become(), name) as unknown,
        has: (_, name) => name in become(),
      },
    ),
  ) as T;
  const become = () => Object.setPrototypeOf(self, make()) as T;
  return self;
}
