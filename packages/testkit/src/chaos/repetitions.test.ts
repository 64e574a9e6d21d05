import { expect, test } from "vitest";
import { Repetitions, type Strike } from "./repetitions.ts";

const line = (inputId: string, taskId: string, cause: string) =>
  `${JSON.stringify({ msg: "an input goes to another container", inputId, taskId, cause, reason: "It ended." })}\n`;

/** What is found when an input of `ta-1` was given to another container by this cause, after these faults. */
function afterwards(strikes: readonly Strike[], cause: string): string[] {
  const repetitions = new Repetitions();
  for (const strike of strikes) repetitions.struck(strike);
  repetitions.listener()(line("in-1", "ta-1", cause));
  return repetitions.unexplained([{ inputId: "in-1", deliveries: 2 }]);
}

test.each<[string, Strike[], string]>([
  ["whose worker was killed", [{ fault: "worker killed" }], "lost"],
  ["whose worker was killed a turn before", [{ fault: "worker killed" }, { fault: "nothing" }], "lost"],
  ["whose container was killed", [{ fault: "container killed", taskId: "ta-1" }], "killed"],
  ["whose container was stopped with all else", [{ fault: "stopped and started" }], "asked"],
])("an input %s may be handed out again", (_name, strikes, cause) => {
  expect(afterwards(strikes, cause)).toEqual([]);
});

test.each<[string, Strike[], string]>([
  ["after nothing", [{ fault: "nothing" }], "lost"],
  ["while another container was killed", [{ fault: "container killed", taskId: "ta-2" }], "killed"],
  ["while there was no container to kill", [{ fault: "container killed", taskId: "" }], "killed"],
  ["while the server alone was killed", [{ fault: "server killed" }], "lost"],
  [
    "long after its worker was killed",
    [{ fault: "worker killed" }, { fault: "nothing" }, { fault: "clock set" }],
    "lost",
  ],
  ["that its code ended", [{ fault: "worker killed" }], "code"],
])("an input that was handed out again %s is told", (_name, strikes, cause) => {
  expect(afterwards(strikes, cause)).toEqual([
    expect.stringContaining(`in-1 left ta-1 (${cause}: It ended.) after: `),
  ]);
});

test("an input that was handed out again without a word is told", () => {
  const repetitions = new Repetitions();
  repetitions.struck({ fault: "worker killed" });
  const hear = repetitions.listener();
  const text = `something else\n${line("in-1", "ta-1", "lost")}`;
  hear(text.slice(0, 30));
  hear(text.slice(30));
  expect(repetitions.unexplained([{ inputId: "in-1", deliveries: 3 }])).toEqual([
    "in-1 was handed out 3 times, and the log tells of 1",
  ]);
});
