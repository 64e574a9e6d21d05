import { expect, test } from "vitest";
import { Cancellations } from "./cancellations.ts";

test("a cancellation is told again to who asks again, and not to who asks anew: that one has heard of it", () => {
  const cancellations = new Cancellations();
  cancellations.asked("a");
  expect(cancellations.isDue("a")).toBe(false);
  cancellations.add("in-1");
  expect([cancellations.isDue("a"), cancellations.tell("a")]).toEqual([true, ["in-1"]]);
  cancellations.asked("a");
  cancellations.add("in-2");
  expect([cancellations.isDue("a"), cancellations.tell("a")]).toEqual([true, ["in-1", "in-2"]]);
  cancellations.asked("b");
  expect([cancellations.isDue("b"), cancellations.tell("b")]).toEqual([false, []]);
});

test("a question that another one has followed gets no answer: nobody waits for that", () => {
  const cancellations = new Cancellations();
  cancellations.asked("a");
  cancellations.asked("b");
  cancellations.add("in-1");
  expect([cancellations.isDue("a"), cancellations.tell("a")]).toEqual([false, []]);
  expect(cancellations.tell("b")).toEqual(["in-1"]);
});

test("what a container has let go of is not told again; without keys each question is one of its own", () => {
  const cancellations = new Cancellations();
  cancellations.asked("a");
  cancellations.add("in-1");
  cancellations.add("in-2");
  cancellations.tell("a");
  cancellations.remove("in-1");
  cancellations.asked("a");
  expect(cancellations.tell("a")).toEqual(["in-2"]);
  cancellations.asked("");
  cancellations.add("in-3");
  expect(cancellations.tell("")).toEqual(["in-3"]);
  cancellations.asked("");
  expect(cancellations.isDue("")).toBe(false);
});
