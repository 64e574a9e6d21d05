/** One event of a stream. */
export interface ServerSentEvent {
  /** The message: text as it is, anything else as JSON. */
  data: unknown;
  /** Name of its kind; default: `message`. */
  event?: string;
  /** What a client that connects again shows as `Last-Event-ID`; default: none. */
  id?: string;
  /** Milliseconds after which a client whose connection broke connects again; default: the client's own. */
  retry?: number;
}

/**
 * A response that sends events as they come, for `EventSource` and its like. An event that is no object with `data` is
 * the data itself. When the client leaves, the iterable is ended by its `return`: the `finally` of a generator runs as soon as
 * what it awaits has come, so give long waits `request.signal`.
 *
 * @example
 * const ticks = serverSentEvents(
 *   (async function* () {
 *     for (let tick = 0; tick < 3; tick += 1) yield { event: "tick", data: { tick } };
 *   })(),
 * );
 * console.log(await ticks.text());
 */
export function serverSentEvents(
  events: AsyncIterable<ServerSentEvent | string> | Iterable<ServerSentEvent | string>,
  init: ResponseInit = {},
): Response {
  const headers = new Headers(init.headers);
  if (!headers.has("content-type")) headers.set("content-type", "text/event-stream");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-cache");
  return new Response(ReadableStream.from(encoded(events)), { ...init, headers });
}

/** The events as bytes. What ends them reaches the events at once, also while the next of them is awaited. */
function encoded(
  events: AsyncIterable<ServerSentEvent | string> | Iterable<ServerSentEvent | string>,
): AsyncIterable<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator =
    Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
  const end = async () => {
    await iterator.return?.();
    return { done: true as const, value: undefined };
  };
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const next = await iterator.next();
        if (next.done) return { done: true, value: undefined };
        try {
          return { done: false, value: encoder.encode(eventText(next.value)) };
        } catch (error) {
          await end();
          throw error;
        }
      },
      return: end,
    }),
  };
}

/** An event as it stands in the stream. A line break in a name would begin another field. */
export function eventText(event: ServerSentEvent | string): string {
  const {
    data,
    event: name,
    id,
    retry,
  } = typeof event === "string" ? ({ data: event } as ServerSentEvent) : event;
  const text = typeof data === "string" ? data : (JSON.stringify(data) ?? "");
  const fields = [
    ...(name === undefined ? [] : [`event: ${oneLine(name)}`]),
    ...(id === undefined ? [] : [`id: ${oneLine(id)}`]),
    ...(retry === undefined ? [] : [`retry: ${Math.round(retry)}`]),
    ...text.split(/\r\n|\r|\n/).map((line) => `data: ${line}`),
  ];
  return `${fields.join("\n")}\n\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]/g, " ");
}
