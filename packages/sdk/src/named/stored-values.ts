import { decodeStored, encodeStored } from "@dorian/protocol/value/stored-value";
import { checkedValue } from "../schema/checked-value.ts";
import type { StandardSchema } from "../schema/standard-schema.ts";

/** What checks the values of a dict or the items of a queue. */
export interface SchemaOption<S extends StandardSchema> {
  /**
   * What is put is checked, and stored as it was given; what is got is checked, and is what the schema makes of it. So what Python or
   * an older program has put is checked, too.
   */
  schema: S;
}

/** How values get into something that the server keeps, and out of it. `what` names them in errors. */
export class StoredValues {
  #place: string;
  #schema: StandardSchema | undefined;

  constructor(place: string, schema: StandardSchema | undefined) {
    this.#place = place;
    this.#schema = schema;
  }

  /** @throws AppError VALUE_INVALID, VALUE_NOT_SERIALISABLE, VALUE_TOO_LARGE */
  async write(value: unknown, what: string): Promise<Uint8Array> {
    const named = `${what} in ${this.#place}`;
    await checkedValue(this.#schema, value, named);
    return encodeStored(value, named);
  }

  /** @throws AppError VALUE_INVALID, VALUE_NOT_READABLE */
  async read(bytes: Uint8Array, what: string): Promise<unknown> {
    return await checkedValue(this.#schema, this.readPlain(bytes, what), `${what} in ${this.#place}`);
  }

  /** Reads what no schema is for. */
  readPlain(bytes: Uint8Array, what: string): unknown {
    return decodeStored(bytes, `${what} in ${this.#place}`);
  }
}
