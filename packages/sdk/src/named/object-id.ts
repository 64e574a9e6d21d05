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

  /** The object on the server of this process. */
  async here(): Promise<{ modal: Transport["modal"]; id: string }> {
    const wire = await transport();
    return { modal: wire.modal, id: await this.on(wire) };
  }
}
