/** Tells whoever wants to know that something has changed. */
export class Notices {
  #listeners = new Set<() => void>();

  add(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
