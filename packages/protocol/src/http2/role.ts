import type { HeaderBlock } from "./header-collector.ts";
import type { Http2Stream } from "./stream.ts";

/** What the two ends of a connection do differently. */
export interface Role {
  /** Bytes that the peer must begin with. */
  readonly peerPreface: Buffer;
  /** Bytes that this end begins with, before its settings. */
  readonly ownPreface: Buffer;
  readonly settings: [id: number, value: number][];
  /** What the peer may keep in our header table. */
  readonly headerTableBytes: number;
  /** What a stream is reset with when the answer is over and the request is not. */
  readonly restUnwanted: number;
  /** Stays open for as long as the peer likes. */
  readonly keeps: boolean;
  /** True once no end has anything to add to what was asked. */
  isOver(stream: Http2Stream): boolean;
  /** Was a stream of this number ever used? */
  isIdle(streamId: number): boolean;
  /** Headers on a stream that is not open. */
  opened(block: HeaderBlock): void;
  /** Headers that an open stream brings first; returns what is wrong with them. */
  answered(stream: Http2Stream, block: HeaderBlock): string | undefined;
  /** The last stream of the peer's that is handled. */
  readonly lastPeerStream: number;
  /** The peer takes no requests after this one. */
  peerLeaves(lastStream: number): void;
  /** How many streams the peer takes at a time. */
  peerStreams(count: number): void;
  /** It has requests to carry, or has none any more. */
  busy(busy: boolean): void;
}
