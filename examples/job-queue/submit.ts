// Orders jobs and ends; the jobs go on. Prints a line for each: its id, and what was ordered.
import { Function } from "dorian";

const factorise = Function.fromName<typeof import("./app.ts").factorise>("job-queue", "factorise");

const numbers = [
  600_851_475_143,
  9_007_199_254_740_881, // the largest prime that a number can hold
  9_007_199_254_740_991,
  1_234_567_890_123,
  3.14,
  8_675_309_000_000,
];
for (const number of numbers) {
  const { functionCallId } = await factorise.spawn(number);
  console.log(`${functionCallId} ${number}`);
}
