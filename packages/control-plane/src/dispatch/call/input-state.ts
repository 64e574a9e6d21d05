/** Where an input is between being accepted and having its output. */
export type InputState =
  | { kind: "pending" }
  /** A failed attempt is followed by a pause before the user's next one. */
  | { kind: "backing-off"; untilMs: number }
  | { kind: "running"; taskId: string; startedAtMs: number }
  | { kind: "finished"; atMs: number };

type Kind = InputState["kind"];

export const inputTransitions: Record<Kind, readonly Kind[]> = {
  pending: ["running", "finished"],
  "backing-off": ["pending", "finished"],
  running: ["pending", "backing-off", "finished"],
  finished: [],
};

/** The next state. An illegal step is a bug and throws. */
export function inputMoves(from: InputState, to: InputState): InputState {
  if (!inputTransitions[from.kind].includes(to.kind))
    throw new Error(`Bug: an input moves from ${from.kind} to ${to.kind}.`);
  return to;
}
