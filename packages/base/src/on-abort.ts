interface Listeners {
  acts: Set<() => void>;
  tell: () => void;
}

const bySignal = new WeakMap<AbortSignal, Listeners>();

/**
 * Has `act` called when `signal` aborts, once, unless `offAbort` comes before. However many wait for one signal, it has one listener:
 * Node takes more than ten for a leak, and says so on the stderr of whoever runs the program.
 */
export function onAbort(signal: AbortSignal, act: () => void): void {
  const known = bySignal.get(signal);
  if (known) {
    known.acts.add(act);
    return;
  }
  const acts = new Set([act]);
  const tell = () => {
    bySignal.delete(signal);
    for (const each of acts) each();
  };
  bySignal.set(signal, { acts, tell });
  signal.addEventListener("abort", tell, { once: true });
}

/** `act` need not be called any more. */
export function offAbort(signal: AbortSignal, act: () => void): void {
  const known = bySignal.get(signal);
  if (!known?.acts.delete(act) || known.acts.size > 0) return;
  // Node keeps a signal that follows others for as long as somebody listens to it.
  bySignal.delete(signal);
  signal.removeEventListener("abort", known.tell);
}
