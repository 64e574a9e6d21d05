import { App, batched, concurrent, Cron, exit, method, schedule, type Batch } from "@dorian/sdk";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function check<_ extends true>(): void {}

const app = new App("typed");
const gathered = { maxBatchSize: 4, waitMs: 100 };

@app.cls()
@concurrent({ maxInputs: 4, targetInputs: 2 })
class Model {
  @batched(gathered) async scale(numbers: Batch<number>, names: Batch<string>) {
    return numbers.map((number, index) => `${names[index]} ${number}`);
  }
  // @ts-expect-error a plain list would be taken for what callers pass
  @batched(gathered) async plain(numbers: readonly number[]) {
    return numbers;
  }
  // @ts-expect-error one result for a whole batch
  @batched(gathered) async sum(numbers: Batch<number>) {
    return numbers.length;
  }
  @schedule(Cron("0 9 * * 1")) async weekly() {}
  // @ts-expect-error nobody passes it anything
  @schedule(Cron("0 9 * * 1")) async needs(day: string) {
    return day;
  }
  // @ts-expect-error nobody passes an exit hook anything
  @exit() async bye(error: Error) {
    return error;
  }
  @method() async one(input: number[]) {
    return input;
  }
}

const pairs = app.function({ batched: gathered }, async function pairs(a: number[], b: readonly string[]) {
  return a.map((number, index) => (number < 0 ? new RangeError("negative") : { number, b: b[index] }));
});

/** Never called: what is in it is for the compiler. */
export async function types(): Promise<void> {
  const { scale, one } = app.instance(Model);
  const scaled = await scale.remote(1, "a");
  check<Equal<typeof scaled, string>>();
  // @ts-expect-error a list, where callers pass one value
  void scale.remote([1], ["a"]);
  const list = await one.remote([1]);
  check<Equal<typeof list, number[]>>();

  const pair = await pairs.remote(1, "a");
  check<Equal<typeof pair, { number: number; b: string | undefined }>>();
  // @ts-expect-error a list, where callers pass one value
  void pairs.remote([1], ["a"]);

  // @ts-expect-error no lists
  app.function({ batched: gathered }, async (n: number) => [n]);
  // @ts-expect-error one result for a whole batch
  app.function({ batched: gathered }, async (n: number[]) => n.length);
  // @ts-expect-error a schedule passes no lists
  app.function({ batched: gathered, schedule: Cron("0 9 * * 1") }, async (n: number[]) => n);
  // @ts-expect-error nobody passes it anything
  app.function({ schedule: Cron("0 9 * * 1") }, async (n: number) => n);
  app.function({ schedule: Cron("0 9 * * 1") }, async (n = 1) => n);

  class Plain {
    async scale(numbers: Batch<number>) {
      return numbers;
    }
    async one(numbers: number[]) {
      return numbers;
    }
    async weekly(_day?: string) {}
  }
  app.cls({}, Plain, { batched: { scale: gathered } });
  app.cls({}, Plain, { schedules: { weekly: Cron("0 9 * * 1") } });
  // @ts-expect-error a plain list would be taken for what callers pass
  app.cls({}, Plain, { batched: { one: gathered } });
  // @ts-expect-error nobody passes it anything
  app.cls({}, Plain, { schedules: { one: Cron("0 9 * * 1") } });
}
