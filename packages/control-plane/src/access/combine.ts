import type { DescService } from "@bufbuild/protobuf";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { UnservedCall } from "@dorian/protocol/error/unserved-calls";

/** Handlers of some of a service's methods. */
type Part = object;

/** Names of the methods that a tuple of parts serves. */
type Served<P extends readonly Part[]> = P extends readonly [
  infer First,
  ...infer Rest extends readonly Part[],
]
  ? keyof First | Served<Rest>
  : never;

/** Those of them that two parts serve: one would silently take the place of the other. */
type ServedTwice<P extends readonly Part[]> = P extends readonly [
  infer First,
  ...infer Rest extends readonly Part[],
]
  ? (keyof First & Served<Rest>) | ServedTwice<Rest>
  : never;

/** Methods that nobody serves, but for those that are refused with advice. */
type Missing<S extends DescService, P extends readonly Part[]> = Exclude<
  keyof S["method"],
  Served<P> | Uncapitalize<UnservedCall>
>;

/** What a part list is compared with: nothing, or a property whose name says what is wrong with it. */
type Complaint<S extends DescService, P extends readonly Part[]> = [ServedTwice<P>] extends [never]
  ? [Exclude<Served<P>, keyof S["method"]>] extends [never]
    ? [Missing<S, P>] extends [never]
      ? unknown
      : { servedByNobody: Missing<S, P> }
    : { notInTheService: Exclude<Served<P>, keyof S["method"]> }
  : { servedTwice: ServedTwice<P> };

/**
 * One set of handlers from those who serve a part each. That a method is served twice, or by nobody, does not compile; it is an
 * error at the start too, where types were gone around.
 */
export function combine<S extends DescService, const P extends readonly Part[]>(
  service: S,
  parts: P & Complaint<S, P>,
): ServiceHandlers<S> {
  const combined = new Map<string, unknown>();
  for (const [name, handler] of parts.flatMap((part) => Object.entries(part))) {
    if (combined.has(name)) throw new Error(`${service.typeName}.${name} is served twice`);
    if (!(name in service.method)) throw new Error(`${service.typeName} has no method ${name}`);
    combined.set(name, handler);
  }
  return Object.fromEntries(combined) as ServiceHandlers<S>;
}
