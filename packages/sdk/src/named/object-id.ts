import { orAborted } from "@dorian/base/or-aborted";
import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";

/** The id of an object that is looked up at its first use, once for each server, and again after a failure. */
export class ObjectId {
  #lookUp: (wire: Transport) => Promise<string>;
  #found = new WeakMap<Transport["modal"], Promise<string>>();

  constructor(lookUp: (wire: Transport) => Promise<string>) {
    this.#lookUp = lookUp;
  }

  async on(wire: Transport): Promise<string> {
    const known = this.#found.get(wire.modal);
    if (known) return await known;
    return await this.anew(wire);
  }

  /** Looks it up although it may be known. */
  async anew(wire: Transport, lookUp = this.#lookUp): Promise<string> {
    const found = lookUp(wire);
    this.#found.set(wire.modal, found);
    try {
      return await found;
    } catch (error) {
      this.#found.delete(wire.modal);
      throw error;
    }
  }

  /** The object on the server of this process. A look-up that others may wait for, too, goes on when `signal` aborts. */
  async here(
    signal?: AbortSignal | undefined,
  ): Promise<{ wire: Transport; modal: Transport["modal"]; id: string }> {
    const found = this.#here();
    return await (signal ? orAborted(found, signal) : found);
  }

  async #here() {
    const wire = await transport();
    return { wire, modal: wire.modal, id: await this.on(wire) };
  }
}
