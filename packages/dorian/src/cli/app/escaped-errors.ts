let escaped: PromiseWithResolvers<never> | undefined;

/**
 * The first error of user code from now on that nobody waits for: a promise without an await, a callback of a timer. Without this,
 * Node would end the process with a trace of its own, and the app would run on. Listens until the process ends: what is cut off then
 * rejects, too.
 */
export function firstEscapedError(): Promise<never> {
  const isFirst = escaped === undefined;
  escaped = Promise.withResolvers<never>();
  // Nobody may wait for it any more.
  escaped.promise.catch(() => undefined);
  if (isFirst) listen();
  return escaped.promise;
}

function listen(): void {
  for (const event of ["unhandledRejection", "uncaughtException"] as const) {
    process.on(event, (error: unknown) => {
      // A program with a listener of its own has dealt with it.
      if (process.listenerCount(event) === 1) escaped?.reject(error);
    });
  }
}
