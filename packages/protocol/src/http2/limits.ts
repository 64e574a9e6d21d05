/**
 * What a peer may make this process do, one constant for each thing, with its reason. Clients that keep to the protocol come near none
 * of them.
 */

/** A message: Modal's clients allow as much. */
export const maxMessageBytes = 100 * 1024 * 1024;

/** A message whose sender has shown no token: names and versions. */
export const anonymousMessageBytes = 64 * 1024;

/** Requests at a time on one connection: more than a busy client has, few enough to look at all of them after a read. */
export const maxStreams = 250;

/** A header list as RFC 9113 counts it: letters and 32 bytes for each field. Metadata of gRPC takes a few hundred. */
export const maxHeaderListBytes = 64 * 1024;

/** Frames of one header block. The largest list fits in five; empty ones would go on for ever. */
export const maxHeaderFrames = 16;

/** What a peer may keep in our header table (the protocol's own default). */
export const headerTableBytes = 4096;

/** The largest payload that we accept and, unless the peer allows more, send (the protocol's own default). */
export const maxFramePayloadBytes = 16_384;

/** What the peer may send on all streams before some of it was read. */
export const connectionWindowBytes = 64 * 1024 * 1024;

/** What the peer may send on one stream before its reader has taken any of it. */
export const streamWindowBytes = 4 * 1024 * 1024;

/** Window updates are sent once this much was taken: a quarter of a stream's window. */
export const creditBytes = 1024 * 1024;

/** No window may grow beyond this (RFC 9113, section 6.9.1). */
export const maxWindowBytes = 2 ** 31 - 1;

/** Bytes of answers that wait in a socket. Further ones wait in their streams, of which there are few. */
export const socketBufferBytes = 256 * 1024;

/** Bytes of acknowledgements and resets that wait for a peer which does not read; beyond, nothing more is read from it. */
export const owedBytes = 64 * 1024;

/**
 * Answers up to this size are made without asking whether there is room for them: most are. Who passes answers on lets so much come of
 * each before it has asked.
 */
export const smallAnswerBytes = 64 * 1024;

/** Streams that we have reset and whose last frames may still be on the way: several times those that can be open. */
export const rememberedResets = 4 * maxStreams;

/** Points that frames which bring no request any further may cost a connection in one interval. */
export const idleWorkPoints = 5_000;
export const idleWorkIntervalMs = 10_000;

/** Points that every frame of ours with data pays back: a peer that reads much updates its windows often. */
export const pointsPerDataFrame = 8;

/**
 * What such frames cost. A reset has had a request opened for nothing; settings and goodbyes touch every stream. A call without a token
 * costs more than its answer pays back: 1,250 of them are answered in an interval, and who asks for a token makes a few. One that is
 * refused before anything was done for it, since it is malformed or nobody's, pays nothing back.
 */
export const pointsOf = {
  settings: 50,
  goAway: 50,
  refusedCall: 20,
  anonymousCall: 12,
  unasked: 5,
  reset: 10,
  ping: 5,
  priority: 5,
  unknown: 5,
  emptyData: 5,
  refused: 2,
  malformed: 10,
  late: 1,
  windowUpdate: 1,
} as const;

/** How often a connection is looked at. All limits of time are numbers of such looks, so that a stall of our own counts once. */
export const tickMs = 5_000;

/** Ticks until the first bytes of a connection are there: a living peer sends them at once. */
export const prefaceTicks = 2;

/** Ticks until a header block is complete: it fits in a few packets. */
export const headerBlockTicks = 2;

/** Ticks without a byte from the peer of an open call until it is asked for a sign of life. */
export const silentTicksToPing = 2;

/** Ticks without a byte from the peer of an open call until it counts as gone: 30 seconds. */
export const silentTicksToGiveUp = 6;

/** Ticks in which a peer takes nothing of what waits for it until it counts as gone: 30 seconds. */
export const stuckTicks = 6;

/** Ticks until a connection has made its first request: clients connect when they have one. */
export const unusedTicks = 12;

/** Ticks that a peer whose connection has ended may leave its own side of it open. */
export const partingTicks = 2;

/** Ticks that a connection may be without requests after its last: half an hour, since clients keep theirs for the next. */
export const idleTicks = 360;

/** Ticks without a byte for a request that is not complete: a minute. */
export const quietBodyTicks = 12;
