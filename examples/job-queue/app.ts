// Work that takes a while: whoever orders it gets an id at once, and comes back with it for the result.
import { App } from "dorian";

export const app = new App("job-queue");

/** The prime factors of a number, the smallest first. At most two containers work through what is ordered. */
export const factorise = app.function(
  { name: "factorise", maxContainers: 2, scaledownWindow: 2, timeout: 600 },
  async (number: number): Promise<number[]> => {
    if (!Number.isSafeInteger(number) || number < 2)
      throw new RangeError(`${number} is not a whole number that has prime factors.`);
    const factors: number[] = [];
    let rest = number;
    for (let divisor = 2; divisor * divisor <= rest; divisor += 1) {
      for (; rest % divisor === 0; rest /= divisor) factors.push(divisor);
    }
    return rest > 1 ? [...factors, rest] : factors;
  },
);
