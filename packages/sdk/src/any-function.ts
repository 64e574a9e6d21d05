/** A function of the user's, whatever it takes and gives. */
export type AnyFunction = (...args: never[]) => unknown;
