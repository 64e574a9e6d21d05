/**
 * Milliseconds since 1970, as the machine believes: for what people read, and for what is stored and compared after a restart. It may be
 * set at any time, so durations, deadlines and the silence of others go by `steadyClockMs`.
 */
export const wallClockMs: () => number = () => Date.now();
