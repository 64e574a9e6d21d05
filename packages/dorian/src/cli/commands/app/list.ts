import { wallClockMs } from "@dorian/base/wall-clock";
import { AppState } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { isoTime } from "../../output/iso-time.ts";
import { appStateText } from "../../state/app-state.ts";

interface AppRow {
  appId: string;
  name: string;
  state: string;
  tasks: number;
  createdAt: number;
  stoppedAt: number;
}

export const command = defineCommand<AppRow[]>({
  options: [...serverOptions, { name: "all", short: "a", description: "Show stopped apps, too" }],
  json: (apps) =>
    apps.map((app) => ({ ...app, createdAt: isoTime(app.createdAt), stoppedAt: isoTime(app.stoppedAt) })),

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const { apps } = await server.modal.appList({}, { signal });
    return apps
      .filter((app) => input.flag("all") || app.state !== AppState.STOPPED)
      .map((app) => ({
        appId: app.appId,
        name: app.name || app.description,
        state: appStateText(app.state),
        tasks: app.nRunningTasks,
        createdAt: app.createdAt,
        stoppedAt: app.stoppedAt,
      }));
  },

  render(apps, output, input) {
    if (apps.length === 0) {
      output.note(
        `No apps${input.flag("all") ? "" : " are running or deployed"}. Deploy one with \`dorian deploy app.ts\`.`,
      );
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<AppRow>(
        [
          { title: "App", value: (app) => app.appId },
          { title: "Name", value: (app) => app.name },
          { title: "State", value: (app) => app.state },
          { title: "Containers", value: (app) => String(app.tasks), align: "right" },
          { title: "Created", value: (app) => formatAgo(app.createdAt, nowMs) },
          { title: "Stopped", value: (app) => formatAgo(app.stoppedAt, nowMs) },
        ],
        apps,
        output.colors,
      ),
    );
  },
});
