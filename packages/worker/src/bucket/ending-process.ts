import { readFile } from "node:fs/promises";
import { unlessAbsent } from "@dorian/base/unless-absent";

const PF_EXITING = 4;
/** Of the fields behind a process's name: its state and its flags. */
const stateField = 0;
const flagsField = 6;

/** Whether a process is gone, or on its way out and only waits for others. */
export async function isEnding(pid: number): Promise<boolean> {
  const text = await unlessAbsent(readFile(`/proc/${pid}/stat`, "utf8"));
  // The name stands in parentheses, and may have some in it.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined) return true;
  const state = fields[stateField] ?? "";
  return "ZX".includes(state) || (Number(fields[flagsField]) & PF_EXITING) !== 0;
}
