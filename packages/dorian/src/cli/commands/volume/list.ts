import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { allPages } from "@dorian/sdk/named/all-pages";

interface VolumeRow {
  name: string;
  volumeId: string;
  createdAt: number;
}

export const command = defineCommand<VolumeRow[]>({
  options: serverOptions,
  json: (volumes) => volumes.map((volume) => ({ ...volume, createdAt: isoTime(volume.createdAt) })),

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const items = await allPages(async (pagination) => {
      const page = await server.modal.volumeList({ pagination }, { signal });
      return page.items;
    });
    return items.map(({ label, volumeId, createdAt }) => ({ name: label, volumeId, createdAt }));
  },

  render(volumes, output) {
    if (volumes.length === 0) {
      output.note("There are no volumes. Create one with `dorian volume create my-volume`.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<VolumeRow>(
        [
          { title: "Name", value: (volume) => volume.name },
          { title: "Volume", value: (volume) => volume.volumeId },
          { title: "Created", value: (volume) => formatAgo(volume.createdAt, nowMs) },
        ],
        volumes,
        output.colors,
      ),
    );
  },
});
