import * as fc from "fast-check";
import { expect, test } from "vitest";
import { InputQueue } from "./input-queue.ts";

type Step =
  | { kind: "add"; again: boolean; alone: boolean }
  | { kind: "take" }
  | { kind: "remove"; at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), again: fc.boolean(), alone: fc.boolean() }),
  fc.record({ kind: fc.constant("take" as const) }),
  fc.record({ kind: fc.constant("remove" as const), at: fc.nat(20) }),
);

test("the queue behaves as two lists, the one of returned inputs first, and a third of those that go out alone", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new InputQueue<Item>();
      const again: Item[] = [];
      const fresh: Item[] = [];
      const alone: Item[] = [];
      let n = 0;
      for (const each of steps) {
        const { got, expected } = apply(each, { queue, again, fresh, alone, next: () => n++ });
        expect(got).toBe(expected);
        expect(queue.size).toBe(again.length + fresh.length + alone.length);
        expect(queue.aloneSize).toBe(alone.length);
        expect(queue.peek()).toBe(again[0] ?? fresh[0]);
        expect(queue.peekAlone()).toBe(alone[0]);
        expect([...queue]).toEqual([...again, ...fresh]);
      }
      const isEven = (item: Item) => item.n % 2 === 0;
      const all = [...alone, ...again, ...fresh];
      expect(queue.takeWhere(isEven)).toEqual(all.filter(isEven));
      expect(queue.size).toBe(all.filter((item) => !isEven(item)).length);
    }),
  );
});

interface Item {
  n: number;
}

/** One step on the queue and on the two lists; what each of them answered. */
function apply(
  step: Step,
  state: { queue: InputQueue<Item>; again: Item[]; fresh: Item[]; alone: Item[]; next: () => number },
): { got: unknown; expected: unknown } {
  const { queue, again, fresh, alone } = state;
  if (step.kind === "add") {
    const item = { n: state.next() };
    (step.alone ? alone : step.again ? again : fresh).push(item);
    queue.add(item, { again: step.again, alone: step.alone });
    return { got: undefined, expected: undefined };
  }
  if (step.kind === "take") return { got: queue.take(), expected: again.shift() ?? fresh.shift() };
  const item = [...again, ...fresh, ...alone][step.at];
  if (item === undefined) return { got: queue.remove({ n: -1 }), expected: false };
  const got = queue.remove(item);
  for (const list of [again, fresh, alone]) if (list.includes(item)) list.splice(list.indexOf(item), 1);
  return { got, expected: true };
}
