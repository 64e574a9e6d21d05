import { sleep } from "@dorian/base/sleep";
import { defineCommand } from "../../command.ts";
import { StatusLine } from "../../output/status-line.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

interface Drained {
  workerId: string;
  name: string;
  /** "drained", "serving" after --undo, or "gone" when the worker ended meanwhile. */
  state: "drained" | "serving" | "gone";
}

const lookEveryMs = 500;

export const command = defineCommand<Drained>({
  arguments: [{ name: "worker", description: "Id of the worker (wo-…), or its name" }],
  options: [...connectionOptions, { name: "undo", description: "Let it take new work again" }],
  notes: [
    "The worker gets nothing new, and this waits until what it has is done. Ctrl-C ends the waiting, not the draining.",
  ],
  json: (drained) => drained,

  async run(input, { config, output, interruption, signal }) {
    using server = new ServerConnection(config);
    const undo = input.flag("undo");
    const { workerId, name } = await server.operator.workerDrain(
      { worker: input.argument("worker"), undo },
      { signal },
    );
    if (undo) return { workerId, name, state: "serving" };
    interruption.onFirst(() => {
      output.note(
        `${name} (${workerId}) goes on draining. \`dorian worker list\` shows how far it is; \`dorian worker drain --undo ${workerId}\` lets it take work again.`,
      );
    });
    using status = await StatusLine.open(output);
    for (;;) {
      const { workers } = await server.operator.serverInfo({}, { signal });
      const worker = workers.find((each) => each.workerId === workerId);
      if (!worker) return { workerId, name, state: "gone" };
      if (worker.standing === "serving") return { workerId, name, state: "serving" };
      const { runningTasks, runningInputs, runningBuilds } = worker;
      if (runningTasks === 0 && runningBuilds === 0) return { workerId, name, state: "drained" };
      const rest = [
        counted(runningTasks, "container"),
        counted(runningInputs, "input"),
        counted(runningBuilds, "build"),
      ];
      status.set(`Draining ${name}: ${rest.filter((part) => part !== "").join(", ")}`);
      await sleep(lookEveryMs, { signal });
    }
  },

  render({ workerId, name, state }, output) {
    const { green } = output.noteColors;
    const words = {
      drained: "is drained: nothing runs on it, and it takes nothing new.",
      serving: "takes new work.",
      gone: "has ended.",
    };
    output.note(`${green("✓")} Worker ${name} (${workerId}) ${words[state]}`);
  },
});

function counted(count: number, noun: string): string {
  return count === 0 ? "" : `${count} ${noun}${count === 1 ? "" : "s"}`;
}
