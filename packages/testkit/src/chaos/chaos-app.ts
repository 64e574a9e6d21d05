/** The app under chaos. `version` is what its `version` function answers; a new one has an image step of its own. */
export function chaosApp(version: number): string {
  return `
import { readFile, writeFile } from "node:fs/promises";
import { App, Image, Volume } from "dorian";

const image = Image.debianSlim();
const volume = Volume.fromName("chaos", { createIfMissing: true });
export const app = new App("chaos", { image });

export const add = app.function({ name: "add" }, (a: number, b: number) => a + b);
export const square = app.function({ name: "square" }, async (n: number) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return n * n;
});
export const count = app.function({ name: "count" }, async function* (from: number, values: number) {
  for (let n = 0; n < values; n++) {
    yield from + n;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
export const write = app.function({ name: "write", volumes: { "/vol": volume } }, async (name: string, text: string) => {
  await writeFile("/vol/" + name, text);
  await volume.commit();
  return name;
});
export const read = app.function({ name: "read", volumes: { "/vol": volume } }, async (name: string) => {
  await volume.reload();
  return await readFile("/vol/" + name, "utf8");
});
export const version = app.function(
  { name: "version", image: image.runCommands("echo ${version} > /version") },
  async () => Number(await readFile("/version", "utf8")),
);
`;
}
