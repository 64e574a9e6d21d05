import { currentContainer } from "./container-context.ts";

/** What a container has of the variables around it: how the machine is used, never what a user has set for a program. */
const shared =
  /^(PATH|HOME|TMPDIR|LANG|LC_\w+|TZ|CI|DEBUG|FORCE_COLOR|NO_COLOR|NODE_(COMPILE_CACHE|DEBUG|ENV|EXTRA_CA_CERTS|NO_WARNINGS|OPTIONS|PATH|V8_COVERAGE)|VITEST\w*|COLUMNS|TERM)$/;

/** The variables of a container with those of its own. */
export function containerEnv(own: Record<string, string>): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => shared.test(name));
  return { ...Object.fromEntries(kept), ...own };
}

/** Has `process.env` be, for code of a container, that container's own, until it is disposed of. */
export function separateEnvironments(): Disposable {
  const outside = process.env;
  const current = () => currentContainer()?.env ?? outside;
  process.env = new Proxy(outside, {
    get: (_, name) => Reflect.get(current(), name) as string | undefined,
    set: (_, name, value: unknown) => Reflect.set(current(), name, String(value)),
    has: (_, name) => Reflect.has(current(), name),
    deleteProperty: (_, name) => Reflect.deleteProperty(current(), name),
    ownKeys: () => Reflect.ownKeys(current()),
    getOwnPropertyDescriptor: (_, name) => {
      const value = Reflect.get(current(), name) as string | undefined;
      return value === undefined
        ? undefined
        : { value, writable: true, enumerable: true, configurable: true };
    },
    defineProperty: (_, name, descriptor) => Reflect.defineProperty(current(), name, descriptor),
  });
  return {
    [Symbol.dispose]: () => {
      process.env = outside;
    },
  };
}
