/** Why bytes cannot be read as a value of JavaScript. */
export class UnreadableAt extends Error {
  /** As one would write it in code; empty for the whole value. */
  readonly place: string;
  readonly remedy: string | undefined;

  constructor(place: string, reason: string, remedy: string | undefined, options?: ErrorOptions) {
    super(reason, options);
    this.place = place;
    this.remedy = remedy;
  }
}

/** The same, thrown where its place is not known. */
export class Unreadable extends Error {
  readonly remedy: string | undefined;

  constructor(reason: string, remedy?: string) {
    super(reason);
    this.remedy = remedy;
  }
}

export function broken(): Unreadable {
  return new Unreadable("is broken: its bytes are not whole CBOR", "Send it again.");
}
