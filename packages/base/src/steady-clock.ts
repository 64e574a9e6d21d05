/**
 * Milliseconds since this process began, on a clock that nobody sets and that stands still with the machine: for durations, deadlines
 * and the silence of others. A moment of it means nothing to another process.
 */
export const steadyClockMs: () => number = () => performance.now();
