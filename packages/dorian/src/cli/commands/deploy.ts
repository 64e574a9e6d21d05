import { dirname, resolve } from "node:path";
import { deployByName } from "@dorian/publish/deploy/deploy-by-name";
import { AppWorkplace, bundleCode } from "../app/app-workplace.ts";
import { commitOf } from "../app/commit-of.ts";
import { loadAppFor } from "../app/load-app.ts";
import { defineCommand } from "../command.ts";
import { formatDuration } from "../output/duration.ts";
import { quietOption, serverOptions } from "../server-options.ts";

interface Deployment {
  name: string;
  appId: string;
  url: string;
  /** Function ids by tag. */
  functions: Record<string, string>;
  /** Tags of those that serve the web. */
  webFunctions: string[];
  milliseconds: number;
}

export const command = defineCommand<Deployment>({
  arguments: [{ name: "file", description: "TypeScript file that makes the app" }],
  options: [
    ...serverOptions,
    quietOption,
    { name: "name", value: "name", description: "Name to deploy under; the app's own when left out" },
    { name: "tag", value: "tag", description: "A word for this version, which `app history` shows" },
    { name: "force-build", description: "Build every image step, even those built before" },
  ],
  json: (deployment) => deployment,

  async run(input, context) {
    const { config, signal } = context;
    const startedAtMs = performance.now();
    const file = input.argument("file");
    const { app } = await loadAppFor(file, context);
    const name = input.option("name") ?? app.name;
    const [bundle, workplace, commit] = await Promise.all([
      bundleCode(app, file, context),
      AppWorkplace.open(context),
      commitOf(dirname(resolve(context.cwd, file)), { signal }),
    ]);
    using _workplace = workplace;
    const { transport, view, status } = workplace;
    status.set("Creating objects");
    const { forceBuild, ignoreCache } = config;
    const deployed = await deployByName(app, {
      transport,
      bundle,
      name,
      origin: { tag: input.option("tag") ?? "", commit },
      forceBuild,
      ignoreCache,
      cacheDirectory: config.cacheDirectory,
      onProgress: view.onProgress,
      signal,
    });
    return {
      name,
      appId: deployed.appId,
      url: deployed.url,
      functions: deployed.functionIds,
      webFunctions: app.registered.flatMap((item) =>
        item.kind === "function" && item.web ? [item.tag] : [],
      ),
      milliseconds: performance.now() - startedAtMs,
    };
  },

  render({ name, url, functions, webFunctions, milliseconds }, output) {
    const { green, dim } = output.noteColors;
    output.progress(`${green("✓")} App deployed in ${formatDuration(milliseconds)}! 🎉`);
    if (url !== "") output.note(`View deployment: ${url}`);
    // What serves the web is called by its address, which has been shown.
    const tag = Object.keys(functions).find((each) => !webFunctions.includes(each));
    if (tag === undefined) return;
    const cls = tag.endsWith(".*") ? tag.slice(0, -2) : undefined;
    output.progress(
      dim(
        cls === undefined
          ? `Call it from any program: Function.fromName("${name}", "${tag}")`
          : `Call it from any program: Cls.fromName("${name}", "${cls}")`,
      ),
    );
  },
});
