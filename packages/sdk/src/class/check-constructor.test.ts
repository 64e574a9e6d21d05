import { expect, test } from "vitest";
import { checkConstructor } from "./check-constructor.ts";

class Plain {
  size = 3;
}
class Taking {
  x: number;
  constructor(x: number) {
    this.x = x;
  }
}
class Passing extends Taking {}
class Giving extends Taking {
  constructor() {
    super(3);
  }
}
class Defaulting {
  x: number;
  constructor(x = 3) {
    this.x = x;
  }
}

test("a class whose constructor needs arguments is refused, with its parameters named [A24]", () => {
  for (const [name, target] of [
    ["Taking", Taking],
    ["Passing", Passing],
  ] as const) {
    const check = () => checkConstructor(name, target as never);
    expect(check).toThrow(
      expect.objectContaining({
        code: "CONSTRUCTOR_TAKES_ARGUMENTS",
        remedy: expect.stringContaining("@parameter()"),
      }),
    );
    expect(check).toThrow(`The constructor of class ${name} takes an argument (x`);
  }
});

test("a class that can be made without arguments is taken", () => {
  for (const target of [Plain, Giving, Defaulting, class extends Giving {}])
    expect(() => checkConstructor("Model", target)).not.toThrow();
});
