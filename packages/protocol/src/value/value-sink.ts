/** A wire format, as a walk over a value writes to it. Lists, sets and maps are opened with their size, then filled, then closed. */
export interface ValueSink {
  /** Bytes written so far. */
  readonly size: number;
  null(): void;
  undefined(): void;
  boolean(value: boolean): void;
  number(value: number): void;
  bigint(value: bigint): void;
  text(value: string): void;
  bytes(value: Uint8Array): void;
  date(value: Date): void;
  /** Numbers of one kind, other than bytes. */
  typedArray(value: ArrayBufferView, className: string): void;
  openList(length: number): void;
  closeList(): void;
  openSet(size: number): void;
  closeSet(): void;
  /** Followed by a key and its value in turn. */
  openMap(size: number): void;
  closeMap(): void;
  /** A list that begins with the name of the class that its other items make an instance of; closed as a list. */
  openInstance(className: string, length: number): void;
  /** Items of an object that this format alone has a form for, which is opened thereby. */
  openOwn?(value: object): readonly unknown[] | undefined;
  closeOwn?(): void;
  /** Says of the next item that it is another form that only JavaScript has of the same thing, the first or the second. */
  mark(form: 1 | 2): void;
}

/** What a sink throws that can take no more. */
export class SinkFull extends Error {}
