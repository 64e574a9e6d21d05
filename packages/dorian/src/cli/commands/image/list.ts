import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatBytes } from "../../../format-bytes.ts";
import { formatAgo, formatDuration } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

interface ImageRow {
  imageId: string;
  /** That it is published under now, in the environment that the command is about. */
  names: string[];
  baseImageId: string;
  description: string;
  state: string;
  bytes: number;
  buildSeconds: number;
  createdAt: number;
}

export const command = defineCommand<ImageRow[]>({
  options: serverOptions,
  json: (images) => images.map((image) => ({ ...image, createdAt: isoTime(image.createdAt) })),

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const [{ items }, names] = await Promise.all([
      server.operator.imageList({}, { signal }),
      publishedNames(server, signal),
    ]);
    return items.map((item) => ({
      imageId: item.imageId,
      names: names.get(item.imageId) ?? [],
      baseImageId: item.baseImageId,
      description: item.description,
      state: item.state,
      bytes: Number(item.bytes),
      buildSeconds: item.buildSeconds,
      createdAt: item.createdAt,
    }));
  },

  render(images, output) {
    if (images.length === 0) {
      output.note("No images have been built. `dorian run app.ts` builds what an app needs.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<ImageRow>(
        [
          { title: "Image", value: (image) => image.imageId },
          { title: "Adds", value: (image) => shorten(image.description, 60) },
          { title: "Names", value: (image) => image.names.join(", ") },
          { title: "State", value: (image) => image.state },
          { title: "Size", value: (image) => formatBytes(image.bytes), align: "right" },
          { title: "Built in", value: (image) => formatDuration(image.buildSeconds * 1000), align: "right" },
          { title: "Created", value: (image) => formatAgo(image.createdAt, nowMs) },
        ],
        images,
        output.colors,
      ),
    );
  },
});

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** By image. */
async function publishedNames(
  { modal }: ServerConnection,
  signal: AbortSignal,
): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  let pageToken = "";
  do {
    const page = await modal.imageListTags({ pageToken }, { signal });
    for (const { imageId, tag } of page.items) names.set(imageId, [...(names.get(imageId) ?? []), tag]);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return names;
}
