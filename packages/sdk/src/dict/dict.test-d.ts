// What the types of dicts and queues promise. Nothing here is run.
import { Dict, Queue, type StandardSchema } from "@dorian/sdk";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function check<_ extends true>(): void {}

/** A number out of its text. */
declare const count: StandardSchema<string, number>;
interface Job {
  url: string;
}

export async function types(): Promise<void> {
  const sizes = Dict.fromName<"small" | "large", number>("sizes");
  const size = await sizes.get("small");
  check<Equal<typeof size, number | undefined>>();
  await sizes.set("large", 2);
  // @ts-expect-error a key that there is not
  await sizes.get("middle");
  // @ts-expect-error a value of another type
  await sizes.set("small", "1");
  for await (const [key, value] of sizes) {
    check<Equal<typeof key, "small" | "large">>();
    check<Equal<typeof value, number>>();
  }
  // @ts-expect-error a list cannot be a key
  Dict.fromName<string[], number>("sizes");

  const untyped = Dict.fromName("any");
  const anything = await untyped.get(7n);
  check<Equal<typeof anything, unknown>>();

  const byText = Dict.fromName<string, number>("text");
  await byText.update({ a: 1 });
  await byText.update(new Map([["a", 1]]));
  // @ts-expect-error a value of another type
  await byText.update({ a: "1" });
  const byNumber = Dict.fromName<number, number>("number");
  // @ts-expect-error keys of objects are text
  await byNumber.update({ 1: 1 });

  const counts = Dict.fromName("counts", { schema: count, createIfMissing: true });
  await counts.set("a", "1");
  const counted = await counts.get("a");
  check<Equal<typeof counted, number | undefined>>();
  // @ts-expect-error the schema takes text
  await counts.set("a", 1);

  const jobs = Queue.fromName<Job>("jobs", { createIfMissing: true });
  await jobs.put({ url: "https://example.com" }, { partition: "slow", partitionTtl: 60 });
  // @ts-expect-error an item of another type
  await jobs.put("https://example.com");
  const job = await jobs.get();
  check<Equal<typeof job, Job>>();
  const perhaps = await jobs.get({ timeout: 5 });
  check<Equal<typeof perhaps, Job | undefined>>();
  for await (const each of jobs) check<Equal<typeof each, Job>>();

  await using results = await Queue.ephemeral({ schema: count });
  await results.put("1");
  const result = await results.get();
  check<Equal<typeof result, number>>();
  // @ts-expect-error one with a name is not disposed of
  await using _ = Queue.fromName("jobs");
}
