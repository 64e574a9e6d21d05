// A function that runs in containers, many at a time.
import { App, Image } from "dorian";

// What containers find: add packages with .npmInstall("sharp") or .aptInstall("ffmpeg").
const image = Image.debianSlim();

export const app = new App("my-app", { image });

/** How many primes there are from `start` on, below `end`. */
export const countPrimes = app.function(
  { name: "count-primes", cpu: 1, timeout: 60 },
  async (start: number, end: number): Promise<number> => {
    let found = 0;
    for (let candidate = Math.max(2, start); candidate < end; candidate++) {
      let divisor = 2;
      while (divisor * divisor <= candidate && candidate % divisor !== 0) divisor++;
      if (divisor * divisor > candidate) found++;
    }
    console.log(`${found} primes from ${start} to ${end}`);
    return found;
  },
);

/** Runs here, on your machine, by `dorian run app.ts`. */
app.localEntrypoint(async (limit: number = 1_000_000, parts: number = 4) => {
  const size = Math.ceil(limit / parts);
  const ranges = Array.from({ length: parts }, (_, part): [number, number] => [
    part * size,
    Math.min(limit, (part + 1) * size),
  ]);
  let total = 0;
  for await (const found of countPrimes.starmap(ranges)) total += found;
  console.log(`There are ${total} primes below ${limit}.`);
});
