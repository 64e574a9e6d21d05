import { AppError } from "@dorian/base/app-error";
import { newId, type IdPrefix } from "@dorian/base/ids";
import { ObjectCreationType as Creation } from "@dorian/protocol/modal";

/** An object that users make and name. */
export interface NamedObject<T> {
  objectId: string;
  /** "" for one without a name. */
  name: string;
  environment: string;
  createdAtMs: number;
  value: T;
}

interface Wanted {
  deploymentName: string;
  environmentName: string;
  objectCreationType: Creation;
}

const nameless: readonly Creation[] = [Creation.EPHEMERAL, Creation.ANONYMOUS_OWNED_BY_APP];

/** Objects of one kind, by id and by name. */
export class NamedObjects<T> {
  #noun: string;
  #prefix: IdPrefix;
  #make: () => T;
  #nowMs: () => number;
  #byId = new Map<string, NamedObject<T>>();
  /** No two have the same time: a page of a list ends at one. */
  #lastCreatedAt = 0;

  constructor(options: { noun: string; prefix: IdPrefix; make: () => T; nowMs: () => number }) {
    this.#noun = options.noun;
    this.#prefix = options.prefix;
    this.#make = options.make;
    this.#nowMs = options.nowMs;
  }

  get all(): NamedObject<T>[] {
    return [...this.#byId.values()];
  }

  getOrCreate({ deploymentName: name, environmentName, objectCreationType: type }: Wanted): NamedObject<T> {
    const isNameless = nameless.includes(type);
    const environment = environmentName || "main";
    const known = isNameless ? undefined : this.named(name, environment);
    if (known && type === Creation.CREATE_FAIL_IF_EXISTS) {
      throw new AppError(`${this.#code}_EXISTS`, `There is a ${this.#noun} "${name}" already.`, {
        status: "ALREADY_EXISTS",
        remedy: "Take it as it is, or choose another name.",
      });
    }
    if (known) return known;
    if (type === Creation.UNSPECIFIED) throw this.#notFound(`"${name}"`);
    return this.add(isNameless ? "" : name, environment, this.#make());
  }

  add(name: string, environment: string, value: T): NamedObject<T> {
    const objectId = newId(this.#prefix);
    this.#lastCreatedAt = Math.max(this.#lastCreatedAt + 1, this.#nowMs());
    const object = { objectId, name, environment, createdAtMs: this.#lastCreatedAt, value };
    this.#byId.set(objectId, object);
    return object;
  }

  named(name: string, environment: string): NamedObject<T> | undefined {
    return this.all.find((object) => object.name === name && object.environment === environment);
  }

  require(objectId: string): NamedObject<T> {
    const found = this.#byId.get(objectId);
    if (found) return found;
    throw this.#notFound(objectId);
  }

  delete(objectId: string): void {
    this.require(objectId);
    this.#byId.delete(objectId);
  }

  get #code(): string {
    return this.#noun.toUpperCase();
  }

  #notFound(which: string): AppError {
    return new AppError(`${this.#code}_NOT_FOUND`, `There is no ${this.#noun} ${which} in this run.`, {
      status: "NOT_FOUND",
      remedy: "Make it with { createIfMissing: true }, or before the code that looks it up.",
    });
  }
}
