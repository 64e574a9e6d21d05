import type { DescService } from "@bufbuild/protobuf";
import { tooManyCalls } from "@dorian/protocol/error/too-many-calls";
import { methodEntries, type CallContext, type ServiceHandlers } from "@dorian/protocol/service";

type Unary = (request: unknown, context: CallContext) => Promise<unknown>;
type Streaming = (request: unknown, context: CallContext) => AsyncIterable<unknown>;

/**
 * The same handlers for at most `most` calls at a time: each may hold a stream to the server, of which no task may take what
 * others need.
 */
export function limitCalls<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
  most: number,
): ServiceHandlers<S> {
  let open = 0;
  const begin = (): Disposable => {
    if (open >= most) throw tooManyCalls(open);
    open += 1;
    return { [Symbol.dispose]: () => void (open -= 1) };
  };
  const limited: Record<string, unknown> = {};
  for (const [name, method] of methodEntries(service)) {
    const handler = handlers[name] as unknown;
    if (handler === undefined) continue;
    limited[name] =
      method.methodKind === "unary"
        ? async (request: unknown, context: CallContext) => {
            using _ = begin();
            return await (handler as Unary)(request, context);
          }
        : async function* (request: unknown, context: CallContext) {
            using _ = begin();
            yield* (handler as Streaming)(request, context);
          };
  }
  return limited as ServiceHandlers<S>;
}
