// Makes pictures smaller and puts them on a contact sheet, with sharp. It paints its pictures itself, so that there are some.
import { mkdir, stat } from "node:fs/promises";
import sharp from "sharp";
import { App, Image, Volume } from "dorian";
import { landscape, type Weather } from "./landscape.ts";

const volume = Volume.fromName("pictures", { createIfMissing: true });
export const app = new App("image-processing", {
  image: Image.debianSlim().npmInstall("sharp@0.35"),
  volumes: { "/pictures": volume },
});

const thumbnail = { width: 320, height: 200 };

export const paint = app.function({ name: "paint" }, async (name: string, weather: Weather) => {
  const [width, height] = [960, 600];
  const pixels = landscape(width, height, weather);
  await mkdir("/pictures/large", { recursive: true });
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(`/pictures/large/${name}.png`);
});

export const shrink = app.function({ name: "shrink", maxContainers: 4 }, async (name: string) => {
  const from = `/pictures/large/${name}.png`;
  const to = `/pictures/small/${name}.webp`;
  await mkdir("/pictures/small", { recursive: true });
  const { size } = await sharp(from)
    .resize({ ...thumbnail, fit: "cover" })
    .sharpen()
    .webp({ quality: 80 })
    .toFile(to);
  return { name, from: (await stat(from)).size, to: size };
});

/** Puts small pictures beside each other, and gives back the sheet as text that a terminal can show. */
export const contactSheet = app.function(
  { name: "contact-sheet" },
  async (names: string[], columns: number) => {
    const gap = 8;
    const tiles = names.map((name, index) => ({
      input: `/pictures/small/${name}.webp`,
      left: gap + (index % columns) * (thumbnail.width + gap),
      top: gap + Math.floor(index / columns) * (thumbnail.height + gap),
    }));
    const sheet = sharp({
      create: {
        width: gap + columns * (thumbnail.width + gap),
        height: gap + Math.ceil(names.length / columns) * (thumbnail.height + gap),
        channels: 3,
        background: "black",
      },
    }).composite(tiles);
    const jpeg = await sheet.jpeg({ mozjpeg: true }).toBuffer();
    await sharp(jpeg).toFile("/pictures/contact-sheet.jpg");
    return await asText(jpeg, 96);
  },
);

/** A character for each pixel, dense ones for light pixels: terminals are black. */
async function asText(picture: Buffer, columns: number): Promise<string[]> {
  const { width, height } = await sharp(picture).metadata();
  // A character is twice as high as it is wide.
  const rows = Math.round((columns * height) / width / 2);
  const light = await sharp(picture)
    .resize({ width: columns, height: rows, fit: "fill" })
    .greyscale()
    .normalise()
    .raw()
    .toBuffer();
  const ink = " .:-=+*#%@";
  const characters = Array.from(light, (value) => ink[Math.floor((value * ink.length) / 256)]);
  return Array.from({ length: rows }, (_, row) =>
    characters.slice(row * columns, (row + 1) * columns).join(""),
  );
}

app.localEntrypoint(async () => {
  const weathers: Record<string, Weather> = {
    morning: {
      seed: 3,
      sun: [0.25, 0.45],
      sky: [
        [250, 190, 130],
        [120, 150, 210],
      ],
    },
    noon: {
      seed: 8,
      sun: [0.6, 0.15],
      sky: [
        [190, 220, 250],
        [60, 120, 220],
      ],
    },
    evening: {
      seed: 21,
      sun: [0.75, 0.5],
      sky: [
        [255, 120, 60],
        [70, 40, 110],
      ],
    },
    night: {
      seed: 34,
      sun: [0.4, 0.2],
      sky: [
        [40, 50, 90],
        [5, 8, 25],
      ],
    },
  };
  const names = Object.keys(weathers);
  await Promise.all(Object.entries(weathers).map(([name, weather]) => paint.remote(name, weather)));
  for await (const { name, from, to } of shrink.map(names)) {
    console.log(
      `${name.padEnd(8)} ${kilobytes(from)} as PNG of 960 × 600, ${kilobytes(to)} as WebP of 320 × 200`,
    );
  }
  for (const row of await contactSheet.remote(names, 2)) console.log(row);
});

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`.padStart(7);
}
