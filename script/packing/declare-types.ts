import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { workspace } from "./workspace.ts";

/** Writes what users see of the SDK's types into `directory`, whole and without what is marked internal, once for each module system. */
export async function declareTypes(directory: string): Promise<void> {
  await using types = await rolldown({
    cwd: workspace,
    input: { index: join(workspace, "packages/sdk/src/index.ts") },
    external: /^node:/,
    logLevel: "silent",
    plugins: [dts({ dtsOnly: true, tsconfig: join(workspace, "tsconfig.types.json"), sourcemap: false })],
  });
  // Streams and signals are Node's, and TypeScript looks for its types only where somebody refers to them.
  await types.write({ dir: directory, format: "esm", banner: '/// <reference types="node" />' });
  await copyFile(join(directory, "index.d.ts"), join(directory, "index.d.cts"));
}
