import { inspect } from "node:util";
import { Unsendable } from "./unsendable.ts";

/** @throws Unsendable for properties beside what the form of such a value holds: nobody would see that they were lost. */
export function refuseExtras(value: object): void {
  if (Object.keys(value).length > 0 || Object.getOwnPropertySymbols(value).length > 0) throw extras();
}

/** Items of an array whose keys are listed quickly. */
const fewItems = 100;

/** @throws Unsendable for properties of an array beside its items */
export function refuseItemsExtras(value: readonly unknown[]): void {
  // To list the keys of a large array takes longer than to send it; what inspection shows beside its items does not.
  if (value.length > fewItems && inspect(value, withoutItems) === `[ ... ${value.length} more items ]`)
    return;
  // After the indexes, in the order in which they were made.
  const last = Reflect.ownKeys(value).at(-1);
  if (last !== "length") throw extras(String(last));
}

const withoutItems = { maxArrayLength: 0, depth: 0, customInspect: false };

/** Says that a value has a property, or some, which its form on the wire does not hold. */
export function extras(name?: string): Unsendable {
  const what = name === undefined ? "properties" : `a property "${name}"`;
  return new Unsendable(`has ${what} beside what it holds`, "Send the two apart, in a plain object.");
}
