import { defineCommand } from "../../command.ts";
import { type DiskState, diskStateOf, diskText } from "../../output/disk-state.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

interface WorkerRow {
  workerId: string;
  name: string;
  /** "serving", "draining" or "leaving". */
  standing: string;
  cpus: number;
  memoryMb: number;
  gpus: string[];
  containers: number;
  inputs: number;
  builds: number;
  /** Undefined for a worker that has not said it yet. */
  disk: DiskState | undefined;
}

export const command = defineCommand<WorkerRow[]>({
  options: connectionOptions,
  json: (rows) => rows,

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const { workers } = await server.operator.serverInfo({}, { signal });
    return workers.map((worker) => ({
      workerId: worker.workerId,
      name: worker.name,
      standing: worker.standing,
      cpus: worker.milliCpu / 1000,
      memoryMb: Number(worker.memoryMb),
      gpus: worker.gpus,
      containers: worker.runningTasks,
      inputs: worker.runningInputs,
      builds: worker.runningBuilds,
      disk: worker.disk && diskStateOf(worker.disk),
    }));
  },

  render(rows, output) {
    if (rows.length === 0) {
      output.note("No worker is connected. Start one with `dorian worker`.");
      return;
    }
    output.print(
      renderTable<WorkerRow>(
        [
          { title: "Worker", value: (row) => row.workerId },
          { title: "Name", value: (row) => row.name },
          { title: "State", value: (row) => row.standing },
          { title: "CPUs", value: (row) => String(row.cpus) },
          { title: "Memory", value: (row) => `${row.memoryMb} MiB` },
          { title: "GPUs", value: (row) => row.gpus.join(", ") },
          { title: "Containers", value: (row) => String(row.containers) },
          { title: "Inputs", value: (row) => String(row.inputs) },
          { title: "Builds", value: (row) => String(row.builds) },
          { title: "Disk", value: (row) => diskText(row.disk) },
        ],
        rows,
        output.colors,
      ),
    );
  },
});
