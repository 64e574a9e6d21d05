import { AppError } from "@dorian/base/app-error";
import { decodeStored, encodeStored } from "@dorian/protocol/value/stored-value";
import { checkedValue } from "../schema/checked-value.ts";
import { TakenError, type RefusedValue } from "./taken-error.ts";
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

  /** Reads what is gone from where it was: the error has all of it. @throws TakenError */
  async readTaken(values: readonly Uint8Array[], what: string): Promise<unknown[]> {
    const items: unknown[] = [];
    const refused: RefusedValue[] = [];
    for (const bytes of values) {
      let value: unknown = bytes;
      try {
        value = this.readPlain(bytes, what);
        items.push(await checkedValue(this.#schema, value, `${what} in ${this.#place}`));
      } catch (error) {
        refused.push({ value, error: AppError.is(error) ? error : this.#unchecked(error, what) });
      }
    }
    const [first, ...others] = refused;
    if (first) throw new TakenError(items, [first, ...others]);
    return items;
  }

  #unchecked(cause: unknown, what: string): AppError {
    return new AppError("VALUE_INVALID", `The schema of ${this.#place} failed on ${what}: ${String(cause)}`, {
      status: "INVALID_ARGUMENT",
      remedy: "Let the schema tell of what does not fit, rather than throw.",
      cause,
    });
  }

  /** Reads what no schema is for. */
  readPlain(bytes: Uint8Array, what: string): unknown {
    return decodeStored(bytes, `${what} in ${this.#place}`);
  }
}
