// That it type-checks is the test: nothing runs it.
import { App, Cls, build, enter, exit, method, parameter, type ClassParameters } from "@dorian/sdk";
import { expectTypeOf } from "vitest";

const app = new App("types");

@app.cls({ scaledownWindow: 60 })
class Model {
  @parameter() modelId = "iris-a";
  @parameter({ type: "bytes" }) seed!: Uint8Array;
  weights: number[] = [];

  @build() async download() {
    expectTypeOf(this.weights).toEqualTypeOf<number[]>();
  }
  @enter() async load() {
    // A hook's `this` is the instance: what it sets methods find.
    expectTypeOf(this.modelId).toEqualTypeOf<string>();
    this.weights = [1];
    // @ts-expect-error: weights are numbers
    this.weights = ["one"];
  }
  @method() async inference(input: number[]) {
    return { label: input.length * (this.weights[0] ?? 0) };
  }
  @method() async *explain(input: number[]) {
    for (const value of input) yield { value };
  }
  @exit() close() {}
}

/** The methods of an instance, with their own types; parameters are given by name. */
export async function instances() {
  const model = app.instance(Model, { modelId: "iris-b" });
  expectTypeOf(model.inference.remote([5.1])).toEqualTypeOf<Promise<{ label: number }>>();
  expectTypeOf(model.inference.local([5.1])).toEqualTypeOf<Promise<{ label: number }>>();
  expectTypeOf(model.explain.remote([5.1])).toEqualTypeOf<AsyncGenerator<{ value: number }>>();
  expectTypeOf(model.inference.map([[1], [2]])).toEqualTypeOf<AsyncGenerator<{ label: number }>>();
  expectTypeOf<ClassParameters<Model>>().toEqualTypeOf<{ modelId?: string; seed?: Uint8Array }>();
  app.instance(Model);
  // @ts-expect-error: an id is a text
  app.instance(Model, { modelId: 1 });
  // @ts-expect-error: there is no such parameter
  app.instance(Model, { model: "iris-b" });
  // @ts-expect-error: a list cannot be a parameter
  app.instance(Model, { weights: [1] });
  // @ts-expect-error: there is no such method
  model.infer.remote([5.1]);
  // @ts-expect-error: fields are not there from outside
  void model.modelId;
  // @ts-expect-error: the input is a list
  void model.inference.remote(5.1);
}

/** A class of another app has the methods of the type that it is looked up with. */
export function lookedUp() {
  const found = Cls.fromName<typeof Model>("quickstart", "Model");
  const model = found.instance({ modelId: "iris-b" });
  expectTypeOf(model.inference.remote([5.1])).toEqualTypeOf<Promise<{ label: number }>>();
  expectTypeOf(model.explain.remote([5.1])).toEqualTypeOf<AsyncGenerator<{ value: number }>>();
  // @ts-expect-error: an id is a text
  found.instance({ modelId: 1 });
  // @ts-expect-error: there is no such method
  model.infer.remote([5.1]);
}

class Plain {
  size = 1;
  blob: number[] = [];
  load() {}
  async grow(by: number) {
    return this.size + by;
  }
}

/** Without decorators members are named, and misspelt names do not compile. */
export function withoutDecorators() {
  app.cls({}, Plain, { enter: ["load"], methods: ["grow"], parameters: ["size"] });
  app.cls({}, Plain, { methods: ["grow"], parameters: { size: { type: "number" } } });
  // @ts-expect-error: there is no such method
  app.cls({}, Plain, { methods: ["shrink"] });
  // @ts-expect-error: a field is no hook
  app.cls({}, Plain, { enter: ["size"] });
  // @ts-expect-error: a list cannot be a parameter
  app.cls({}, Plain, { parameters: ["blob"] });
}

export class Misplaced {
  // @ts-expect-error: methods are marked, not fields
  @method() field = 1;
  // @ts-expect-error: fields are parameters, not methods
  @parameter() async run() {}
  // @ts-expect-error: a list cannot be a parameter
  @parameter() list: number[] = [];
  // @ts-expect-error: there is no such type
  @parameter({ type: "list" }) other = "";
}

export class Bare {
  // @ts-expect-error: a decorator needs its parentheses
  @method async run() {}
}

class NeedsMore {
  path: string;
  constructor(path: string) {
    this.path = path;
  }
}

// @ts-expect-error: containers make instances without arguments
export const needsMore = () => app.cls({}, NeedsMore, {});
