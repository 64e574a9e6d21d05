// The example of the guide, word for word but for the bodies. That it type-checks is a test; example.test.ts runs it.
import {
  App,
  Cls,
  Function,
  FunctionCall,
  Image,
  Volume,
  build,
  enter,
  exit,
  method,
  parameter,
  type RemoteError,
} from "@dorian/sdk";

const volume = Volume.fromName("model-weights-vol", { createIfMissing: true });
const image = Image.debianSlim().npmInstall("@huggingface/hub@2");
export const app = new App("quickstart", { image });

export const train = app.function(
  { name: "train", volumes: { "/vol/models": volume } },
  async (modelId: string) => ({ modelId, loss: 0.1 }),
);

export const countTo = app.function({ name: "count-to" }, async function* (limit: number) {
  for (let number = 1; number <= limit; number++) yield number;
});

@app.cls({ gpu: "any", volumes: { "/vol/models": volume }, scaledownWindow: 60 })
export class Model {
  @parameter() modelId = "iris-a";
  scale = 1;
  @build() async downloadModelToFolder() {
    /* runs while the image is built */
  }
  @enter() async setup() {
    this.scale = 2;
  }
  @method() async inference(input: number[]) {
    return { modelId: this.modelId, label: input.length * this.scale };
  }
  @method() async *explain(input: number[]) {
    for (const value of input) yield { value };
  }
  @exit() async close() {}
}

app.localEntrypoint(async () => {
  await train.remote("iris-b");
  const model = app.instance(Model, { modelId: "iris-b" }); // typed: model.inference.remote(input)
  const { label } = await model.inference.remote([5.1, 3.5, 1.4, 0.2]);
  return label;
});

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function check<_ extends true>(): void {}

/** Never called: what is in it is for the compiler. */
export async function types(): Promise<void> {
  const model = app.instance(Model);
  const result = await model.inference.remote([1]);
  check<Equal<typeof result, { modelId: string; label: number }>>();
  // @ts-expect-error an argument of another type
  void model.inference.remote("text");
  // @ts-expect-error no argument
  void model.inference.remote();
  // @ts-expect-error a parameter of another type
  app.instance(Model, { modelId: 1 });
  // @ts-expect-error a parameter that there is not
  app.instance(Model, { model: "a" });
  // @ts-expect-error a field is no method
  void model.modelId;

  for await (const item of model.explain.remote([1])) check<Equal<typeof item, { value: number }>>();
  for await (const number of countTo.remote(3)) check<Equal<typeof number, number>>();
  for await (const each of train.map(["a"])) check<Equal<typeof each, { modelId: string; loss: number }>>();
  const call = await model.inference.spawn([1]);
  check<Equal<typeof call, FunctionCall<{ modelId: string; label: number }>>>();
  const local = await model.inference.local([1]);
  check<Equal<typeof local, typeof result>>();

  const Found = Cls.fromName<typeof Model>("quickstart", "Model");
  const found = await Found.instance({ modelId: "iris-b" }).inference.remote([1]);
  check<Equal<typeof found, typeof result>>();
  // @ts-expect-error an argument of another type
  void Found.instance().inference.remote("text");

  const byName = Function.fromName<(modelId: string) => Promise<number>>("quickstart", "train");
  check<Equal<ReturnType<typeof byName.remote>, Promise<number>>>();
  const sameAs = Function.fromName<typeof train>("quickstart", "train");
  const same = await sameAs.remote("iris-b");
  check<Equal<typeof same, { modelId: string; loss: number }>>();
  const untyped = await Function.fromName("quickstart", "train").remote("iris-b");
  check<Equal<typeof untyped, unknown>>();
  check<Equal<RemoteError["remoteStack"], string>>();

  // @ts-expect-error there is no such method
  app.cls({}, Plain, { methods: ["missing"] });
  // @ts-expect-error there is no such field
  app.cls({}, Plain, { parameters: ["missing"] });
}

class WrongField {
  // @ts-expect-error lists cannot be parameters
  @parameter() list: string[] = [];
}
void WrongField;

class Plain {
  modelId = "a";
  async load() {}
  async inference(input: number) {
    return input;
  }
}

// Without decorators.
app.cls({ gpu: "any" }, Plain, { enter: ["load"], methods: ["inference"], parameters: ["modelId"] });
