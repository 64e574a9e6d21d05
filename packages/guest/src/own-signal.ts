import { writeFileSync } from "node:fs";
import { constants } from "node:os";

/** Signals that come from others, as a rule: the end they bring is taken for no fault of the code's. */
const outsideSignals = ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const;

/**
 * Has it written down when user code sends its own process such a signal, by which the worker tells that from a kill from
 * outside. It is written at once: after SIGKILL nothing more is done here.
 */
export function tellOwnSignals(path: string, target: Pick<NodeJS.Process, "kill" | "pid"> = process): void {
  const kill = target.kill.bind(target);
  target.kill = (pid, signal = "SIGTERM") => {
    const name = outsideSignals.find((each) => each === signal || constants.signals[each] === signal);
    if (name !== undefined && [target.pid, -target.pid, 0, -1].includes(pid)) {
      try {
        writeFileSync(path, name);
      } catch {
        // Then it counts as a kill from outside, and the input is tried again.
      }
    }
    return kill(pid, signal);
  };
}
