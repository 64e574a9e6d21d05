import { findService } from "../../../systemd/installed-service.ts";
import { askServer } from "../../../systemd/service-readiness.ts";
import { requireSystemd, unitState } from "../../../systemd/systemctl.ts";
import { defineCommand } from "../../command.ts";
import { exitCode } from "../../exit-code.ts";
import { ServerConnection } from "../../server-connection.ts";
import { dorianVersion } from "../../version.ts";

interface ServiceStatus {
  installed: boolean;
  /** systemd's word: "active", "activating", "inactive", "failed" … */
  active: string;
  enabled: boolean;
  pid: number | null;
  restarts: number;
  /** The server answers, and has a worker. */
  ready: boolean;
  url: string | null;
  version: string | null;
  /** Version of the package that the service would start. */
  installedVersion: string;
  dataDirectory: string | null;
  workers: number;
}

export const command = defineCommand<ServiceStatus>({
  notes: ["Ends with 0 when the service is ready, and with 1 otherwise."],
  json: (status) => status,

  async run(_input, { config, signal }) {
    requireSystemd();
    const settings = await findService();
    const dataDirectory = settings?.dataDirectory ?? null;
    const { active, enabled, pid, restarts } = await unitState();
    const server =
      dataDirectory === null
        ? undefined
        : await askServer(() => ServerConnection.ofData({ ...config, dataDirectory }), { signal });
    const workers = server?.info.workers.length ?? 0;
    return {
      installed: settings !== undefined,
      active,
      enabled,
      pid: pid ?? null,
      restarts,
      ready: workers > 0,
      url: server?.url ?? null,
      version: server?.info.version ?? null,
      installedVersion: dorianVersion(),
      dataDirectory,
      workers,
    };
  },

  render(status, output) {
    const { green, red } = output.colors;
    if (!status.installed) {
      output.print("No service is installed: `dorian service install`.");
      return;
    }
    const restarts = status.restarts === 0 ? "" : `, started again ${status.restarts} times`;
    const lines = [
      [
        "Service",
        `${status.active}, ${status.enabled ? "starts" : "does not start"} with the machine${restarts}`,
      ],
      [
        "Server",
        status.ready
          ? green(`ready at ${status.url}`)
          : red(status.url === null ? "does not answer" : "has no worker"),
      ],
      ["Version", status.version ?? `${status.installedVersion}, not running`],
      ["Data", status.dataDirectory ?? ""],
    ];
    for (const [title = "", text = ""] of lines) output.print(`${title.padEnd(8)} ${text}`);
    if (status.version !== null && status.version !== status.installedVersion)
      output.note(
        `Version ${status.installedVersion} is installed: \`dorian service upgrade\` restarts into it.`,
      );
    if (!status.ready) output.note("`dorian service logs` says why.");
  },

  exitCode: ({ ready }) => (ready ? exitCode.ok : exitCode.failure),
});
